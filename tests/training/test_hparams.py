"""TensorBoard's HParams plugin on a run's own event files, asked as its tab asks, without a server."""

import pathlib

import pytest


def opened(folder: pathlib.Path):
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import backend_context

    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(folder))
    context = base_plugin.TBContext(data_provider=provider, logdir=str(folder))
    return backend_context.Context(context), RequestContext()


def sessions(folder: pathlib.Path):
    """What each run was trained with, and its best score."""
    from tensorboard.plugins.hparams import api_pb2, list_session_groups

    backend, context = opened(folder)
    found = backend.hparams_metadata(context, "")
    experiment = backend.experiment_from_metadata(context, "", True, found, [])
    metric = api_pb2.ColParams(metric=experiment.metric_infos[0].name, order=api_pb2.ORDER_DESC)
    statuses = [api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING, api_pb2.STATUS_UNKNOWN]
    asked = api_pb2.ListSessionGroupsRequest(
        experiment_name="", allowed_statuses=statuses, col_params=[metric], start_index=0, slice_size=100
    )
    answer = list_session_groups.Handler(context, backend, "", asked).run()
    return experiment, answer.session_groups


def test_a_runs_settings_and_its_best_score_are_in_the_tab(trained):
    import json

    experiment, groups = sessions(trained.parent)
    (group,) = groups
    settings = {name: value.string_value or value.number_value for name, value in group.hparams.items()}
    assert (settings["arch"], settings["batch"], settings["steps"]) == ("ResNet18Minus3", 8, 6)
    assert {info.name for info in experiment.hparam_infos} == set(settings)
    status = json.loads((trained / "status.json").read_text())
    (metric,) = group.metric_values
    assert metric.value == pytest.approx(status["best_auroc"], abs=1e-6)

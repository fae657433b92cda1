"""Queue triggers: a queue a step of a run, those of the purge and of retention, and their poison queues."""

from collections.abc import Callable

import azure.functions as func

from sync_core.retention.messages import Expire, Forget, Leftovers
from sync_core.runs.messages import STEPS, Apply, Begin, Claim, Finish, Message, Plan, Read
from sync_core.services import Services
from sync_core.trash.messages import Purge

CONNECTION = "AzureWebJobsStorage"


def blueprint(services: Callable[[], Services]) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.queue_trigger(arg_name="message", queue_name=Begin.queue, connection=CONNECTION)
    async def sync_begin(message: func.QueueMessage) -> None:
        await services().steps.begin(Begin.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Read.queue, connection=CONNECTION)
    async def sync_read(message: func.QueueMessage) -> None:
        await services().steps.read(Read.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Plan.queue, connection=CONNECTION)
    async def sync_plan(message: func.QueueMessage) -> None:
        await services().steps.plan(Plan.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Claim.queue, connection=CONNECTION)
    async def sync_claim(message: func.QueueMessage) -> None:
        await services().steps.claim(Claim.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Apply.queue, connection=CONNECTION)
    async def sync_apply(message: func.QueueMessage) -> None:
        await services().steps.apply(Apply.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Finish.queue, connection=CONNECTION)
    async def sync_finish(message: func.QueueMessage) -> None:
        await services().steps.finish(Finish.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Purge.queue, connection=CONNECTION)
    async def trash_purge(message: func.QueueMessage) -> None:
        await services().purge(Purge.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=f"{Purge.queue}-poison", connection=CONNECTION)
    async def trash_purge_poison(message: func.QueueMessage) -> None:
        await services().purge.poisoned(Purge.model_validate_json(message.get_body()))

    _retention_triggers(bp, services)
    for step in STEPS:
        _poison_trigger(bp, services, step)
    return bp


def _retention_triggers(bp: func.Blueprint, services: Callable[[], Services]) -> None:
    @bp.queue_trigger(arg_name="message", queue_name=Forget.queue, connection=CONNECTION)
    async def retention_forget(message: func.QueueMessage) -> None:
        await services().forget(Forget.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Expire.queue, connection=CONNECTION)
    async def retention_expire(message: func.QueueMessage) -> None:
        await services().retention(Expire.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=Leftovers.queue, connection=CONNECTION)
    async def retention_leftovers(message: func.QueueMessage) -> None:
        await services().deleted_syncs(Leftovers.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=f"{Leftovers.queue}-poison", connection=CONNECTION)
    async def retention_leftovers_poison(message: func.QueueMessage) -> None:
        await services().deleted_syncs.poisoned(Leftovers.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=f"{Forget.queue}-poison", connection=CONNECTION)
    async def retention_forget_poison(message: func.QueueMessage) -> None:
        await services().forget.poisoned(Forget.model_validate_json(message.get_body()))

    @bp.queue_trigger(arg_name="message", queue_name=f"{Expire.queue}-poison", connection=CONNECTION)
    async def retention_expire_poison(message: func.QueueMessage) -> None:
        await services().retention.poisoned(Expire.model_validate_json(message.get_body()))


def _poison_trigger(bp: func.Blueprint, services: Callable[[], Services], step: type[Message]) -> None:
    async def poisoned(message: func.QueueMessage) -> None:
        await services().steps.poisoned(step.model_validate_json(message.get_body()))

    name = f"{step.queue}-poison"
    trigger = bp.queue_trigger(arg_name="message", queue_name=name, connection=CONNECTION)
    trigger(bp.function_name(name.replace("-", "_"))(poisoned))

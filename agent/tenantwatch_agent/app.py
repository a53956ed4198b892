"""Builds the agent out of its parts and stops them in order: looks, spool, stream."""

from __future__ import annotations

import asyncio
import logging
import signal

from tenantwatch_agent.config import AgentConfig
from tenantwatch_agent.schedule import Schedule
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream import Sender
from tenantwatch_agent.vitals import Vitals

log = logging.getLogger(__name__)


async def run(config: AgentConfig) -> None:
    """Look, keep and send until SIGTERM or SIGINT; then send what is left and say farewell."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    vitals = Vitals()
    definitions = [one.definition for one in config.checks]
    spool = await Spool.open(config.data_folder, definitions, config.spool.max_results)
    try:
        schedule = Schedule(config.agent_id, config.checks, spool.append, vitals)
        sender = Sender(config, spool, schedule.run_now, vitals)
        log.info(
            "agent %s: %d checks, %d results waiting", config.agent_id, len(definitions), await spool.count()
        )
        sender.start()
        schedule.start()
        await stop.wait()
        log.info("stopping")
        await schedule.stop()
        await sender.stop()
    finally:
        waiting = await spool.count()
        await spool.close()
    log.info("stopped after %d looks, %d results wait in the spool", vitals.looks, waiting)

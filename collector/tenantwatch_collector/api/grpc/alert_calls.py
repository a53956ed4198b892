"""Alerts, custom rules and silences through the gRPC door."""

from __future__ import annotations

from grpc.aio import ServicerContext as Context
from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.alerting import Acknowledge, NewAlert, NewRule, NewSilence, Resolve, RuleBody
from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.grpc.door import ABORTED, Door, answer, asked
from tenantwatch_collector.api.rules import Rules
from tenantwatch_collector.api.silences import Silences


class AlertCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about alerts."""

    _door: Door
    _alerts: Alerts
    _rules: Rules
    _silences: Silences

    async def CreateAlert(self, request: pb.CreateAlertRequest, context: Context) -> pb.CreateAlertResponse:
        async with self._door.admin(context) as caller:
            made = await self._alerts.create(caller, asked(NewAlert, request))
            return answer(pb.CreateAlertResponse, alert=made)
        raise AssertionError(ABORTED)

    async def GetAlert(self, request: pb.GetAlertRequest, context: Context) -> pb.GetAlertResponse:
        async with self._door.reader(context) as caller:
            return answer(pb.GetAlertResponse, await self._alerts.timeline(caller, request.alert_id))
        raise AssertionError(ABORTED)

    async def AcknowledgeAlert(
        self, request: pb.AcknowledgeAlertRequest, context: Context
    ) -> pb.AcknowledgeAlertResponse:
        async with self._door.admin(context) as caller:
            notes = asked(Acknowledge, request, "alert_id").notes
            alert = await self._alerts.command(caller, request.alert_id, "acknowledge", notes)
            return answer(pb.AcknowledgeAlertResponse, alert=alert)
        raise AssertionError(ABORTED)

    async def ResolveAlert(
        self, request: pb.ResolveAlertRequest, context: Context
    ) -> pb.ResolveAlertResponse:
        async with self._door.admin(context) as caller:
            notes = asked(Resolve, request, "alert_id").resolution_notes
            alert = await self._alerts.command(caller, request.alert_id, "resolve", notes)
            return answer(pb.ResolveAlertResponse, alert=alert)
        raise AssertionError(ABORTED)

    async def ListAlertRules(
        self, request: pb.ListAlertRulesRequest, context: Context
    ) -> pb.ListAlertRulesResponse:
        async with self._door.reader(context) as caller:
            return answer(pb.ListAlertRulesResponse, await self._rules.list(caller))
        raise AssertionError(ABORTED)

    async def CreateAlertRule(
        self, request: pb.CreateAlertRuleRequest, context: Context
    ) -> pb.CreateAlertRuleResponse:
        async with self._door.admin(context) as caller:
            rule = await self._rules.create(caller, asked(NewRule, request))
            return answer(pb.CreateAlertRuleResponse, rule=rule)
        raise AssertionError(ABORTED)

    async def ReplaceAlertRule(
        self, request: pb.ReplaceAlertRuleRequest, context: Context
    ) -> pb.ReplaceAlertRuleResponse:
        async with self._door.admin(context) as caller:
            new = asked(RuleBody, request, "rule_id")
            rule = await self._rules.replace(caller, request.rule_id, new)
            return answer(pb.ReplaceAlertRuleResponse, rule=rule)
        raise AssertionError(ABORTED)

    async def DeleteAlertRule(
        self, request: pb.DeleteAlertRuleRequest, context: Context
    ) -> pb.DeleteAlertRuleResponse:
        async with self._door.admin(context) as caller:
            await self._rules.remove(caller, request.rule_id)
            return pb.DeleteAlertRuleResponse()
        raise AssertionError(ABORTED)

    async def ListSilences(
        self, request: pb.ListSilencesRequest, context: Context
    ) -> pb.ListSilencesResponse:
        async with self._door.reader(context) as caller:
            return answer(pb.ListSilencesResponse, await self._silences.list(caller))
        raise AssertionError(ABORTED)

    async def CreateSilence(
        self, request: pb.CreateSilenceRequest, context: Context
    ) -> pb.CreateSilenceResponse:
        async with self._door.admin(context) as caller:
            silence = await self._silences.create(caller, asked(NewSilence, request))
            return answer(pb.CreateSilenceResponse, silence=silence)
        raise AssertionError(ABORTED)

    async def EndSilence(self, request: pb.EndSilenceRequest, context: Context) -> pb.EndSilenceResponse:
        async with self._door.admin(context) as caller:
            await self._silences.end(caller, request.silence_id)
            return pb.EndSilenceResponse()
        raise AssertionError(ABORTED)

"""Alerts, custom rules and silences through the gRPC door."""

from __future__ import annotations

from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.alerting import Acknowledge, NewAlert, NewRule, NewSilence, Resolve, RuleBody
from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.grpc.door import Door, answer, asked, page_of, through
from tenantwatch_collector.api.routes import Routes
from tenantwatch_collector.api.routing import RouteBody
from tenantwatch_collector.api.rules import Rules
from tenantwatch_collector.api.silences import Silences
from tenantwatch_collector.identity import Caller


class AlertCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about alerts."""

    _door: Door
    _alerts: Alerts
    _rules: Rules
    _routes: Routes
    _silences: Silences

    @through(Alerts.create)
    async def CreateAlert(self, request: pb.CreateAlertRequest, caller: Caller) -> pb.CreateAlertResponse:
        made = await self._alerts.create(caller, asked(NewAlert, request))
        return answer(pb.CreateAlertResponse, alert=made)

    @through(Alerts.timeline)
    async def GetAlert(self, request: pb.GetAlertRequest, caller: Caller) -> pb.GetAlertResponse:
        return answer(pb.GetAlertResponse, await self._alerts.timeline(caller, request.alert_id))

    @through(Alerts.command)
    async def AcknowledgeAlert(
        self, request: pb.AcknowledgeAlertRequest, caller: Caller
    ) -> pb.AcknowledgeAlertResponse:
        notes = asked(Acknowledge, request, "alert_id").notes
        alert = await self._alerts.command(caller, request.alert_id, "acknowledge", notes)
        return answer(pb.AcknowledgeAlertResponse, alert=alert)

    @through(Alerts.command)
    async def ResolveAlert(self, request: pb.ResolveAlertRequest, caller: Caller) -> pb.ResolveAlertResponse:
        notes = asked(Resolve, request, "alert_id").resolution_notes
        alert = await self._alerts.command(caller, request.alert_id, "resolve", notes)
        return answer(pb.ResolveAlertResponse, alert=alert)

    @through(Rules.list)
    async def ListAlertRules(
        self, request: pb.ListAlertRulesRequest, caller: Caller
    ) -> pb.ListAlertRulesResponse:
        return answer(pb.ListAlertRulesResponse, await self._rules.list(caller, page_of(request)))

    @through(Rules.create)
    async def CreateAlertRule(
        self, request: pb.CreateAlertRuleRequest, caller: Caller
    ) -> pb.CreateAlertRuleResponse:
        rule = await self._rules.create(caller, asked(NewRule, request))
        return answer(pb.CreateAlertRuleResponse, rule=rule)

    @through(Rules.replace)
    async def ReplaceAlertRule(
        self, request: pb.ReplaceAlertRuleRequest, caller: Caller
    ) -> pb.ReplaceAlertRuleResponse:
        new = asked(RuleBody, request, "rule_id")
        rule = await self._rules.replace(caller, request.rule_id, new)
        return answer(pb.ReplaceAlertRuleResponse, rule=rule)

    @through(Rules.remove)
    async def DeleteAlertRule(
        self, request: pb.DeleteAlertRuleRequest, caller: Caller
    ) -> pb.DeleteAlertRuleResponse:
        await self._rules.remove(caller, request.rule_id)
        return pb.DeleteAlertRuleResponse()

    @through(Routes.list)
    async def ListAlertRoutes(
        self, request: pb.ListAlertRoutesRequest, caller: Caller
    ) -> pb.ListAlertRoutesResponse:
        return answer(pb.ListAlertRoutesResponse, await self._routes.list(caller))

    @through(Routes.history)
    async def GetAlertRoute(
        self, request: pb.GetAlertRouteRequest, caller: Caller
    ) -> pb.GetAlertRouteResponse:
        return answer(pb.GetAlertRouteResponse, await self._routes.history(caller, request.name))

    @through(Routes.put)
    async def PutAlertRoute(
        self, request: pb.PutAlertRouteRequest, caller: Caller
    ) -> pb.PutAlertRouteResponse:
        route = await self._routes.put(caller, request.name, asked(RouteBody, request, "name"))
        return answer(pb.PutAlertRouteResponse, route=route)

    @through(Routes.remove)
    async def DeleteAlertRoute(
        self, request: pb.DeleteAlertRouteRequest, caller: Caller
    ) -> pb.DeleteAlertRouteResponse:
        await self._routes.remove(caller, request.name)
        return pb.DeleteAlertRouteResponse()

    @through(Silences.list)
    async def ListSilences(self, request: pb.ListSilencesRequest, caller: Caller) -> pb.ListSilencesResponse:
        return answer(pb.ListSilencesResponse, await self._silences.list(caller, page_of(request)))

    @through(Silences.create)
    async def CreateSilence(
        self, request: pb.CreateSilenceRequest, caller: Caller
    ) -> pb.CreateSilenceResponse:
        silence = await self._silences.create(caller, asked(NewSilence, request))
        return answer(pb.CreateSilenceResponse, silence=silence)

    @through(Silences.end)
    async def EndSilence(self, request: pb.EndSilenceRequest, caller: Caller) -> pb.EndSilenceResponse:
        await self._silences.end(caller, request.silence_id)
        return pb.EndSilenceResponse()

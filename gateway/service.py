"""A running gateway: lines → fixes and presses → outbox → broker, and what comes back."""

import fcntl
import importlib.metadata
import logging
import math
import os
import threading
from pathlib import Path
from typing import IO

from domain import telemetry
from domain.wire import control, fields, status, topics
from gateway import (
    answered,
    commands,
    configuration,
    delivery,
    dispatch,
    errors,
    health,
    instants,
    intake,
    known_rates,
    metrics_outlet,
    open_alerts,
    outbox,
    panic_button,
    panic_sentence,
    paperwork,
    press_clock,
    private,
    receiver,
    recording,
    reporting,
    selection,
    serial_line,
    service_manager,
    uplink,
    uploads,
    wiring,
)

_log = logging.getLogger(__name__)

_TICK_S = 0.5


class Gateway:
    """Everything wired together; `run` until told to stop."""

    def __init__(self, settings: configuration.Configuration) -> None:
        self._settings = settings
        self._lock_file = _taken(settings.state_folder)
        now = instants.now()
        self._started_s = now.mono_s
        self.box = outbox.Outbox(
            settings.state_folder / "outbox.db", now=now.utc, bounds=settings.outbox.bounds, up_s=now.mono_s
        )
        self._selection = selection.Selection()
        self._clock = press_clock.PressClock(settings.date_floor)
        self._alerts = open_alerts.OpenAlerts(settings.state_folder / "alerts.json", now=now)
        self._record = recording.Recording(settings.state_folder / "recent")
        self._uploads = uploads.Uploads(self._record, self._keep)
        reports = reporting.Reporting(settings.reporting)
        self._intake = intake.Intake(
            floor=settings.date_floor,
            choice=self._selection,
            clock=self._clock,
            reports=reports,
            record=self._record,
            alerts=self._alerts,
            keep=self._keep,
        )
        self._buttons = panic_button.Buttons(
            self.box,
            self._selection,
            self._clock,
            lines=lambda: [each.line for each in self.receivers],
            silence_s=settings.fob_silence_s,
        )
        rates = known_rates.KnownRates(settings.state_folder / "rates.json")
        self.receivers = [
            receiver.Receiver(port, fixes=self._fixes, button=self._button, rates=rates) for port in settings.ports
        ]
        self._wired = wiring.Wiring(settings, {each.name: each.line for each in self.receivers}, self._wired_press)
        self.uplink = uplink.Uplink(
            settings, receive=self._receive, changed=self._ring, is_urgent=lambda: self.box.has_presses
        )
        self.delivery = delivery.Delivery(
            self.box, self.uplink, backlog_fixes_per_s=settings.outbox.backlog_fixes_per_s
        )
        self._courier = dispatch.Dispatch(
            self.box, self.delivery, confirm=self._buttons.confirm, save=self._alerts.save
        )
        self._restarting = threading.Event()
        self._commands = commands.Commands(
            past=answered.Answered(settings.state_folder / "answered.json"),
            reports=reports,
            locate=lambda: self._intake.locate(instants.now()),
            upload=self._uploads.ask,
            describe=self._describe,
        )
        self._told: health.Report | None = None
        self._told_s = -math.inf
        self._told_session = 0
        self._paperwork = paperwork.Paperwork(
            settings.state_folder,
            box=self.box,
            record=self._record,
            asked=self._uploads,
            figures=metrics_outlet.Outlet(settings.metrics),
            rates=rates,
        )
        self._manager = service_manager.ServiceManager(os.environ)

    @property
    def is_to_restart(self) -> bool:
        """It stopped because it was told to restart."""
        return self._restarting.is_set()

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping` is set or a restart is asked for; what is not acknowledged by then stays in the outbox.

        Raises:
            GatewayError: a part of it has died.
        """
        try:
            self.uplink.start()
            self._courier.start()
            self._paperwork.start()
            for each in self.receivers:
                each.line.start()
            self._wired.start()
            while not (stopping.is_set() or self._restarting.is_set()):
                now = instants.now()
                self._tick(now)
                self._manager.is_alive(mono_s=now.mono_s)
                stopping.wait(_TICK_S)
        finally:
            self._stop()

    def _stop(self) -> None:
        if not self._restarting.is_set():  # a service manager that hears of a stop would end the process that goes on
            self._manager.stops()
        for each in self.receivers:
            each.line.stop()
        self._wired.stop()
        self._intake.finish(instants.now())
        self._courier.stop()  # its last steps send what the lines told at their end
        farewell = telemetry.Status(time=instants.now().utc, online=False, version=version(), backlog=self.box.backlog)
        self.uplink.publish(topics.Lane.STATUS, status.encode(farewell))
        self.uplink.stop()
        self.delivery.settle()
        # From here on a disk that stalls may keep us: all that can be sent is sent.
        self._paperwork.stop()
        self.box.close()
        self._alerts.save(instants.now())
        backlog = self.box.backlog
        if self._lock_file is not None:
            self._lock_file.close()
        if backlog and self.box.trouble is not None:
            _log.error("what the disk has not taken is lost now (%s)", self.box.trouble)
        _log.info("stopped; %s", f"{backlog} rows wait in the outbox" if backlog else "everything is acknowledged")

    # From the lines' threads

    def _fixes(self, name: str, fixes: list[telemetry.Fix]) -> None:
        self._intake.take(name, fixes, instants.now())

    def _keep(self, fixes: list[telemetry.Fix]) -> None:
        self.box.add_fixes(fixes)
        self._courier.ring()

    def _button(self, parts: list[bytes], line: serial_line.SerialLine) -> None:
        signal = panic_sentence.read(parts)
        if signal is not None:
            self._signal(signal, line)

    def _wired_press(self, fob: str, kind: telemetry.PressKind | None, line: serial_line.SerialLine) -> None:
        self._signal(panic_sentence.Signal(kind=kind, fob=fob, number=None), line)

    def _signal(self, signal: panic_sentence.Signal, line: serial_line.SerialLine) -> None:
        now = instants.now()
        if self._buttons.take(signal, line, now):
            if signal.kind is not None:
                self._alerts.pressed(signal.fob, signal.kind, mono_s=now.mono_s)
            self._courier.ring()
            self.uplink.hurry()

    # From the broker's thread

    def _receive(self, lane: topics.Lane, payload: bytes) -> None:
        try:
            if lane is topics.Lane.COMMAND:
                reply = self._commands.answer(payload)
                self.uplink.publish(topics.Lane.REPLY, control.encode_reply(reply))
                if self._commands.restart_is_asked:
                    self._restarting.set()
                return
            told = control.decode_ack(payload)
        except fields.WireError as error:
            _log.warning("a message on %s is not understood: %s", lane, error)
            return
        if isinstance(told, control.AlertNotice):
            self._alerts.notice(told, mono_s=instants.now().mono_s)
            self._buttons.notice(told)
        else:
            self.delivery.acknowledge(told)
            self._buttons.settle(told)
            self._courier.ring()

    def _ring(self) -> None:
        self._courier.ring()

    def _describe(self) -> str:
        ports = ", ".join(f"{each.name} {each.state}" for each in self.receivers)
        up_s = instants.now().mono_s - self._started_s
        return f"gateway {version()} {self._settings.tenant}/{self._settings.device}, up {up_s:.0f} s, ports: {ports}"

    # From the main thread

    def _tick(self, now: instants.Instant) -> None:
        lines_run = self._wired.is_running and all(each.line.is_running for each in self.receivers)
        if not (lines_run and self._courier.is_running and self._paperwork.is_running and self.uplink.is_running):
            raise errors.GatewayError("a thread of the gateway has ended; see the log above")
        self.box.watch(now_s=now.mono_s)
        self._intake.tend(now)
        for each in self.receivers:
            each.judge(now)
        report = self._report(now)
        session = self.uplink.session
        is_due = now.mono_s - self._told_s >= health.HEARTBEAT_S or session != self._told_session
        if (is_due or report.matters_beside(self._told)) and self.uplink.publish(
            topics.Lane.STATUS, status.encode(report.status)
        ):
            self._told, self._told_s, self._told_session = report, now.mono_s, session
        self._paperwork.take(report)

    def _state(self, each: receiver.Receiver, now: instants.Instant) -> str:
        """A port's state; of several receivers also which leads, and which sees nothing."""
        role = self._selection.role(each.name, mono_s=now.mono_s) if len(self.receivers) > 1 else None
        return each.state if role is None else f"{each.state}, {role}"

    def _report(self, now: instants.Instant) -> health.Report:
        last, lead = self._selection.last, self._selection.lead
        fix_age_s = None if last is None else now.mono_s - last.mono_s
        return health.Report(
            status=telemetry.Status(
                time=now.utc,
                online=True,
                version=version(),
                backlog=self.box.backlog,
                gps=health.gps_state(None if last is None else last.fix.mode, fix_age_s),
                ports={each.name: self._state(each, now) for each in self.receivers} | self._wired.states(),
                fobs=self._buttons.fobs(),
                uptime_s=round(now.mono_s - self._started_s, 1),
            ),
            broker=self.uplink.problem,
            outbox=self.box.trouble,
            lead=lead,
            fix_age_s=fix_age_s,
            sentences={each.name: _counts(each) for each in self.receivers},
            silent_fobs=tuple(sorted(self._buttons.silent(mono_s=now.mono_s))),
            thinned=self.box.thinned,
            dropped=self.box.dropped,
            connections=self.uplink.connections,
            presses=self._buttons.presses(),
            press_waits=self.box.has_presses,
        )


def version() -> str:
    """The installed distribution's version."""
    try:
        return importlib.metadata.version("driveops")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _counts(each: receiver.Receiver) -> dict[str, int]:
    reports = each.reports
    framed = each.assembler.framer.counts if reports is None else reports.lines
    merged = each.assembler.counts if reports is None else reports.counts
    return {
        "good": framed.good,
        "bad checksum": framed.bad_checksum,
        "no checksum": framed.no_checksum,
        "broken": framed.broken,
        "fixes": merged.fixes,
        "void": merged.void,
        "undated": merged.undated,
    }


def _taken(folder: Path) -> IO[str] | None:
    """Lock the state folder: two gateways on one outbox would number rows twice.

    A folder that can't be written is no reason not to start: the outbox then works in memory and says so.

    Raises:
        GatewayError: another gateway works on it.
    """
    try:
        private.make_folder(folder)
        private.make_file(folder / "lock")
        lock = (folder / "lock").open("a+", encoding="ascii")
    except OSError as error:
        _log.error("the state folder %s cannot be written: %s", folder, error.strerror)
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise errors.GatewayError(f"another gateway (pid {holder}) works on {folder}") from None
    lock.truncate(0)
    # Unbuffered: what a full disk doesn't take would be tried again by close(), and fail there.
    try:
        os.write(lock.fileno(), f"{os.getpid()}\n".encode())
    except OSError as error:
        _log.error("the state folder %s cannot be written: %s", folder, error.strerror)
    return lock

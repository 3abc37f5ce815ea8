"""Write the dashboard *Nights*, once for InfluxDB 2 (Flux) and once for a Prometheus data source.

    .venv/bin/python deploy/grafana/nights.py

They are written already, into the folder `dashboards`: only who changes a panel needs this. Both
dashboards have the same panels, with different queries. The Prometheus dashboard reads a compatible
store such as VictoriaMetrics, which accepts the same line protocol.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.common import VisibilityMode
    from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef
except ModuleNotFoundError:
    sys.exit(
        "nights.py needs the module grafana_foundation_sdk:"
        f" {sys.executable} -m pip install 'legwatch[grafana]'. The finished dashboards are in"
        f" {Path(__file__).parent / 'dashboards'}."
    )

FOLDER = Path(__file__).parent / "dashboards"
FLAVOURS = {
    "influx": DataSourceRef(type_val="influxdb", uid="legwatch-influx"),
    "prometheus": DataSourceRef(type_val="prometheus", uid="legwatch-prometheus"),
}
# Grafana takes no two of one title in a folder.
TITLES = {"influx": "Nights", "prometheus": "Nights (Prometheus)"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; a series is (measurement, field, another tag or "", legend)."""

    title: str
    about: str
    unit: str
    series: tuple[tuple[str, str, str, str], ...]
    whole_night: bool = False  # one number for the night, not a line over time


PANELS = (
    Panel(
        "Air by the legs and in the room",
        "Bed air is 29-32 °C under a blanket; by bare legs it falls towards the room's.",
        "celsius",
        (
            ("reading", "temperature_c", "sensor=leg", "by the legs"),
            ("reading", "temperature_c", "sensor=room", "room"),
        ),
    ),
    Panel(
        "Movement",
        "Movements counted in each window. No bar is no movement; no data is no bar either, so "
        "look at the air above.",
        "short",
        (("movement", "count", "", "movements"),),
    ),
    Panel("In bed", "1: in bed by the mat, 0: not.", "short", (("bed", "in_bed", "", "in bed"),)),
    Panel(
        "Humidity",
        "Relative humidity by the legs and in the room.",
        "percent",
        (
            ("reading", "humidity_pct", "sensor=leg", "by the legs"),
            ("reading", "humidity_pct", "sensor=room", "room"),
        ),
    ),
    Panel("Time in bed", "Minutes, last night.", "m", (("night", "in_bed_min", "", ""),), True),
    Panel(
        "Cold air by the legs",
        "Minutes below the warning limit, last night.",
        "m",
        (("night", "cold_min", "", ""),),
        True,
    ),
    Panel("Pushes", "Messages sent, last night.", "short", (("night", "pushed", "", ""),), True),
)


def main() -> None:
    """Write both files; with `--check` write nothing, and fail if a file is out of date."""
    stale = []
    for flavour in FLAVOURS:
        path = FOLDER / f"nights-{flavour}.json"
        text = render(flavour)
        if "--check" in sys.argv:
            stale += (
                [] if path.exists() and path.read_text(encoding="utf-8") == text else [path.name]
            )
            continue
        path.write_text(text, encoding="utf-8")
        print(f"{path} written")
    if stale:
        sys.exit(f"out of date: {', '.join(stale)}; run deploy/grafana/nights.py")


def render(flavour: str) -> str:
    """Return the dashboard as JSON for one flavour of FLAVOURS."""
    source = FLAVOURS[flavour]
    board = (
        dashboard.Dashboard(TITLES[flavour])
        .uid(f"legwatch-nights-{flavour}")
        .tags(["legwatch"])
        .time("now-18h", "now")
        .timezone("browser")
        .refresh("1m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(_bed(flavour, source))
    )
    for panel in PANELS:
        board = board.with_panel(_panel(panel, flavour, source))
    body = json.loads(json.dumps(board.build(), cls=JSONEncoder))
    body["annotations"] = {"list": [_alerts(flavour, source)]}
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


def _bed(flavour: str, source: DataSourceRef) -> dashboard.QueryVariable:
    query = (
        'import "influxdata/influxdb/schema"\nschema.tagValues(bucket: v.defaultBucket, tag: "bed")'
        if flavour == "influx"
        else "label_values(bed_late, bed)"
    )
    return dashboard.QueryVariable("bed").label("Bed").datasource(source).query(query)


def _panel(panel: Panel, flavour: str, source: DataSourceRef) -> Any:
    builder: Any = stat.Panel() if panel.whole_night else timeseries.Panel()
    builder = (
        builder.title(panel.title).description(panel.about).datasource(source).unit(panel.unit)
    )
    builder = builder.span(8 if panel.whole_night else 24).height(4 if panel.whole_night else 8)
    if not panel.whole_night:
        builder = builder.span_nulls(False).show_points(VisibilityMode.NEVER)
    for letter, (measurement, field, only, legend) in zip("ABCD", panel.series, strict=False):
        builder = builder.with_target(
            _target(flavour, letter, measurement, field, only, legend or panel.title, panel)
        )
    return builder


def _target(
    flavour: str, letter: str, measurement: str, field: str, only: str, legend: str, panel: Panel
) -> Any:
    if flavour == "prometheus":
        query = promql(measurement, field, only, whole_night=panel.whole_night)
        return prometheus.Dataquery().expr(query).legend_format(legend).ref_id(letter)
    return _Flux(letter, flux(measurement, field, only, whole_night=panel.whole_night))


@dataclass(frozen=True, slots=True)
class _Flux:
    """A Flux query of a panel. The SDK has no builder for it, so this is builder and model."""

    letter: str
    query: str

    def build(self) -> Any:
        """Return the model, which is this object."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return the query as Grafana reads it."""
        return {"refId": self.letter, "query": self.query}


def promql(measurement: str, field: str, only: str, *, whole_night: bool) -> str:
    """Return the query of one series for a Prometheus data source."""
    tags = ['bed="$bed"'] + (
        [f'{only.split("=", maxsplit=1)[0]}="{only.split("=")[1]}"'] if only else []
    )
    name = f"{measurement}_{field}{{{','.join(tags)}}}"
    if whole_night:
        return f"last_over_time({name}[2d])"
    how = "sum" if measurement == "movement" else "avg"
    return f"{how}_over_time({name}[$__interval])"


def flux(measurement: str, field: str, only: str, *, whole_night: bool) -> str:
    """Return the query of one series for InfluxDB 2."""
    tags = f' and r.{only.split("=", maxsplit=1)[0]} == "{only.split("=")[1]}"' if only else ""
    which = f'r._measurement == "{measurement}" and r._field == "{field}" and r.bed == "${{bed}}"'
    span = "start: -2d" if whole_night else "start: v.timeRangeStart, stop: v.timeRangeStop"
    how = "sum" if measurement == "movement" else "mean"
    end = (
        "\n  |> last()"
        if whole_night
        else f"\n  |> aggregateWindow(every: v.windowPeriod, fn: {how}, createEmpty: false)"
    )
    return (
        "from(bucket: v.defaultBucket)\n"
        f"  |> range({span})\n"
        f"  |> filter(fn: (r) => {which}{tags})" + end
    )


def _alerts(flavour: str, source: DataSourceRef) -> dict[str, object]:
    """Return the annotations: a mark at each notice that was pushed."""
    annotation: dict[str, object] = {
        "name": "Alerts",
        "datasource": {"type": source.type_val, "uid": source.uid},
        "enable": True,
        "iconColor": "red",
    }
    if flavour == "prometheus":
        query = 'last_over_time(alert_pushed{bed="$bed"}[$__interval]) > 0'
        return {**annotation, "expr": query, "titleFormat": "{{kind}} {{what}}", "tagKeys": "level"}
    query = (
        "from(bucket: v.defaultBucket)\n"
        "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
        '  |> filter(fn: (r) => r._measurement == "alert" and r._field == "pushed"'
        ' and r.bed == "${bed}" and r._value > 0)\n'
        '  |> map(fn: (r) => ({_time: r._time, title: r.kind + " " + r.what, tags: r.level}))'
    )
    return {**annotation, "target": {"query": query, "refId": "Anno"}}


if __name__ == "__main__":
    main()

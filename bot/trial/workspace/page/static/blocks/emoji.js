// The emoji that a bot of this kind uses, by Slack's names; any other stays as its name.
export const EMOJI = {
  __proto__: null,
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", no_entry: "⛔",
  no_entry_sign: "🚫", octagonal_sign: "🛑", hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰",
  information_source: "ℹ️", question: "❓", grey_question: "❔", bulb: "💡", mag: "🔍", eyes: "👀", construction: "🚧",
  broom: "🧹", wastebasket: "🗑️", recycle: "♻️", anchor: "⚓", whale: "🐳", package: "📦", floppy_disk: "💾",
  bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", clipboard: "📋", memo: "📝", link: "🔗",
  lock: "🔒", unlock: "🔓", key: "🔑", shield: "🛡️", gear: "⚙️", wrench: "🔧", bell: "🔔", calendar: "📅", tada: "🎉",
  fire: "🔥", house: "🏠", wave: "👋", "+1": "👍", "-1": "👎", red_circle: "🔴", large_yellow_circle: "🟡",
  large_green_circle: "🟢", white_circle: "⚪", arrows_counterclockwise: "🔄", leftwards_arrow_with_hook: "↩️",
  arrow_right: "➡️", arrow_up: "⬆️", arrow_down: "⬇️", twisted_rightwards_arrows: "🔀", checkered_flag: "🏁",
  zzz: "💤", electric_plug: "🔌",
};

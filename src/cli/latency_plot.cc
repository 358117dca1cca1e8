#include "cli/latency_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <string_view>
#include <vector>

#include "cli/file_text.h"
#include "cli/ntp_text.h"

namespace hotline::cli {
namespace {

constexpr int kPlotWidth = 900;
constexpr int kPlotHeight = 520;
constexpr int kPlotLeft = 90;
constexpr int kPlotRight = 50;
constexpr int kPlotTop = 80;
constexpr int kPlotBottom = 60;
constexpr int kSteps = 400;
/// Pictures of less than a hundred messages have this many nines too.
constexpr double kNinesMin = 2;
constexpr double kNinesMax = 9;

std::string printed(const char* format, ...) {
  char text[320];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

std::string xml_text(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
  }
  return safe;
}

/// Times on an axis are short: `1 ms`, `50 us`.
std::string axis_time(double nanoseconds) {
  constexpr const char* kUnits[] = {"ns", "us", "ms", "s"};
  std::size_t unit = 0;
  for (; unit < 3 && nanoseconds >= 1000; ++unit) nanoseconds /= 1000;
  return printed("%.0f %s", nanoseconds, kUnits[unit]);
}

/// 1, 2 and 5 times the powers of ten around `lowest` and `highest`.
std::vector<double> time_ticks(double lowest, double highest) {
  std::vector<double> ticks;
  for (double decade = std::pow(10, std::floor(std::log10(lowest)));; decade *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      const double tick = decade * step;
      // The last tick that is not above the lowest time, and the first that is not below the other.
      if (!ticks.empty() && tick <= lowest) ticks.clear();
      ticks.push_back(tick);
      if (tick >= highest && ticks.size() > 1) return ticks;
    }
  }
}

/// The places of the picture.
class Axes {
 public:
  explicit Axes(const Histogram& latencies) {
    const double count = std::max(static_cast<double>(latencies.total()), 1.0);
    nines_ = std::clamp(std::ceil(std::log10(count)), kNinesMin, kNinesMax);
    const double lowest = std::max(static_cast<double>(latencies.percentile(0)), 1.0);
    ticks_ = time_ticks(lowest, std::max(static_cast<double>(latencies.max()), lowest));
  }

  /// `nines` is 1 for 90 %, 2 for 99 %, 3 for 99.9 %.
  double x_of(double nines) const {
    return kPlotLeft + nines / nines_ * (kPlotWidth - kPlotLeft - kPlotRight);
  }

  double y_of(double nanoseconds) const {
    const double low = std::log10(ticks_.front());
    const double part = (std::log10(std::max(nanoseconds, ticks_.front())) - low) /
                        (std::log10(ticks_.back()) - low);
    return kPlotHeight - kPlotBottom - part * (kPlotHeight - kPlotTop - kPlotBottom);
  }

  double nines() const { return nines_; }
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double nines_;
  std::vector<double> ticks_;
};

std::string percent_of(int nines) {
  if (nines == 0) return "0 %";
  return nines == 1 ? "90 %"
                    : "99" + std::string(nines > 2 ? "." : "") +
                          std::string(static_cast<std::size_t>(nines - 2), '9') + " %";
}

std::string grid_of(const Axes& axes) {
  std::string grid;
  for (const double tick : axes.ticks()) {
    const double y = axes.y_of(tick);
    grid += printed("<line class='grid' x1='%d' y1='%.1f' x2='%d' y2='%.1f'/>\n", kPlotLeft, y,
                    kPlotWidth - kPlotRight, y);
    grid += printed("<text class='axis' x='%d' y='%.1f' text-anchor='end'>%s</text>\n",
                    kPlotLeft - 8, y + 4, axis_time(tick).c_str());
  }
  const int steps = static_cast<int>(axes.nines());
  for (int nines = 0; nines <= steps; ++nines) {
    const double x = axes.x_of(nines);
    grid += printed("<line class='grid' x1='%.1f' y1='%d' x2='%.1f' y2='%d'/>\n", x, kPlotTop, x,
                    kPlotHeight - kPlotBottom);
    grid += printed("<text class='axis' x='%.1f' y='%d' text-anchor='middle'>%s</text>\n", x,
                    kPlotHeight - kPlotBottom + 20, percent_of(nines).c_str());
  }
  return grid;
}

double fraction_of(double nines) { return 1 - std::pow(10, -nines); }

std::string curve_of(const Axes& axes, const Histogram& latencies) {
  std::string points;
  for (int step = 0; step <= kSteps; ++step) {
    const double nines = axes.nines() * step / kSteps;
    const auto latency = static_cast<double>(latencies.percentile(fraction_of(nines)));
    points += printed("%.1f,%.1f ", axes.x_of(nines), axes.y_of(latency));
  }
  return "<polyline class='curve' points='" + points + "'/>\n";
}

std::string percentile_marks(const Axes& axes, const Histogram& latencies) {
  struct Mark {
    const char* name;
    double fraction;
  };
  constexpr Mark kMarks[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
  std::string marks;
  for (const Mark& each : kMarks) {
    const double nines = -std::log10(1 - each.fraction);
    if (nines > axes.nines() + 0.001) continue;
    const std::int64_t latency = latencies.percentile(each.fraction);
    const double x = axes.x_of(nines);
    const double y = axes.y_of(static_cast<double>(latency));
    // The curve never falls, so there is room below it on the right, and above it on the left.
    const bool is_left = x > kPlotWidth - 150;
    marks += printed("<circle class='mark' cx='%.1f' cy='%.1f' r='4'/>\n", x, y);
    marks += printed("<text class='label' x='%.1f' y='%.1f' text-anchor='%s'>%s %s</text>\n",
                     is_left ? x - 8 : x + 8, is_left ? y - 8 : y + 18, is_left ? "end" : "start",
                     each.name, time_text(Duration(latency)).c_str());
  }
  return marks;
}

constexpr char kHead[] =
    R"(<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 900 520' width='900' height='520'
     font-family='sans-serif'>
<style>
  .grid { stroke: #dddddd; stroke-width: 1 }
  .axis { fill: #555555; font-size: 12px }
  .curve { fill: none; stroke: #1f5fa8; stroke-width: 2 }
  .mark { fill: #c23b22 }
  .label { fill: #222222; font-size: 12px; paint-order: stroke; stroke: white; stroke-width: 3px }
  .title { fill: #111111; font-size: 18px; font-weight: bold }
</style>
<rect width='900' height='520' fill='white'/>
)";

std::string texts_around(const Histogram& latencies, const LatencyPlotTexts& texts) {
  const int middle = (kPlotTop + kPlotHeight - kPlotBottom) / 2;
  return "<title>" + xml_text(texts.title) + "</title>\n" +
         printed("<text class='title' x='%d' y='30'>", kPlotLeft) + xml_text(texts.title) +
         "</text>\n" + printed("<text class='axis' x='%d' y='52'>", kPlotLeft) +
         xml_text(texts.subtitle) + "</text>\n" +
         printed(
             "<text class='axis' x='%d' y='%d' text-anchor='middle'>part of the %s latencies, max "
             "%s</text>\n",
             (kPlotLeft + kPlotWidth - kPlotRight) / 2, kPlotHeight - 15,
             count_text(latencies.total()).c_str(), time_text(Duration(latencies.max())).c_str()) +
         printed(
             "<text class='axis' x='20' y='%d' text-anchor='middle' "
             "transform='rotate(-90 20 %d)'>latency</text>\n",
             middle, middle);
}

}  // namespace

std::string latency_svg(const Histogram& latencies, const LatencyPlotTexts& texts) {
  const Axes axes(latencies);
  return kHead + texts_around(latencies, texts) + grid_of(axes) + curve_of(axes, latencies) +
         percentile_marks(axes, latencies) + "</svg>\n";
}

}  // namespace hotline::cli

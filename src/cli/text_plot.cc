#include "cli/text_plot.h"

#include <algorithm>
#include <cmath>

namespace hotline::cli {
namespace {

constexpr std::size_t kValuesMin = 8;
constexpr char kFrame[] = " |";

/// The values at the top and at the bottom.
struct Scale {
  double top = 1;
  double bottom = 0;
};

Scale scale_of(std::span<const std::optional<double>> values) {
  std::optional<Scale> scale;
  for (const auto& each : values) {
    if (!each) continue;
    if (!scale) scale = Scale{*each, *each};
    scale->top = std::max(scale->top, *each);
    scale->bottom = std::min(scale->bottom, *each);
  }
  if (!scale) return {};
  if (scale->top <= scale->bottom) {
    const double margin = std::max(1.0, std::abs(scale->top) / 1e6);
    return {scale->top + margin, scale->bottom - margin};
  }
  return *scale;
}

/// Returns the value of a row, of which there are at least two.
double value_at(const Scale& scale, std::size_t row, std::size_t rows) {
  const double part = static_cast<double>(row) / static_cast<double>(rows - 1);
  return scale.top + (scale.bottom - scale.top) * part;
}

std::size_t row_of(const Scale& scale, double value, std::size_t rows) {
  const double part = (scale.top - value) / (scale.top - scale.bottom);
  return static_cast<std::size_t>(std::lround(part * static_cast<double>(rows - 1)));
}

std::vector<std::string> labels_of(const Scale& scale, std::size_t rows, const PlotLabel& label) {
  std::vector<std::string> labels(rows);
  std::size_t width = 0;
  for (const std::size_t row : {std::size_t(0), (rows - 1) / 2, rows - 1}) {
    labels[row] = label(value_at(scale, row, rows));
    width = std::max(width, labels[row].size());
  }
  for (std::string& each : labels) each.insert(0, width - each.size(), ' ');
  return labels;
}

}  // namespace

std::vector<std::string> plot(std::span<const std::optional<double>> values, const PlotSize& size,
                              const PlotLabel& label) {
  const auto last = [&](std::size_t count) { return values.last(std::min(count, values.size())); };
  // The scale depends on what is shown, and the room for that on the labels of the scale.
  std::vector<std::string> lines = labels_of(scale_of(last(size.columns)), size.rows, label);
  const std::size_t edge = lines.front().size() + std::size(kFrame) - 1;
  if (edge + kValuesMin > size.columns) return {};
  const auto shown = last(size.columns - edge);
  const Scale scale = scale_of(shown);
  lines = labels_of(scale, size.rows, label);
  for (std::string& each : lines) {
    each.resize(std::min(each.size(), edge - std::size(kFrame) + 1));
    each.insert(0, edge - (std::size(kFrame) - 1) - each.size(), ' ');
    each.append(kFrame).append(shown.size(), ' ');
  }
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const std::size_t row = shown[i] ? row_of(scale, *shown[i], size.rows) : size.rows - 1;
    lines[row][edge + i] = shown[i] ? '*' : 'x';
  }
  return lines;
}

}  // namespace hotline::cli

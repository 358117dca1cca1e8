#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotline::cli {

/// How large a plot is, in characters.
struct PlotSize {
  std::size_t columns = 80;  ///< With the labels at the left.
  std::size_t rows = 10;     ///< At least 2.
};

/// Returns the label of a row with that value.
using PlotLabel = std::function<std::string(double value)>;

/// Returns a plot of `values` in lines without newlines, one column for each value, the last ones
/// if there are more than fit. A value is a `*`; a missing one is an `x` in the last row. The scale
/// reaches from the least to the greatest value that is shown, and the first, the middle and the
/// last row have a label. Returns no lines if fewer than 8 columns are left beside the labels.
std::vector<std::string> plot(std::span<const std::optional<double>> values, const PlotSize& size,
                              const PlotLabel& label);

}  // namespace hotline::cli

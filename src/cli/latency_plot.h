#pragma once

#include <string>

#include "cli/histogram.h"

namespace hotline::cli {

/// The texts of a picture.
struct LatencyPlotTexts {
  std::string title{};
  std::string subtitle{};
};

/// Returns a picture of `latencies`, which are in nanoseconds: which latency (upwards, in powers of
/// ten) which part of the messages does not exceed (rightwards: 0 %, 90 %, 99 %, 99.9 % and so on
/// are equally far apart). It is an SVG document that refers to nothing else.
std::string latency_svg(const Histogram& latencies, const LatencyPlotTexts& texts);

}  // namespace hotline::cli

#pragma once

#include "hotline/session/session_options.h"
#include "session/frame.h"

namespace hotline::session {

/// Returns the HELLO of the end that has `options`, which must outlive it.
inline Hello own_hello(const SessionOptions& options) {
  return {.frame_max = options.frame_max,
          .streams_max = options.streams_max,
          .flow_credit = options.flow_credit,
          .message_credit = options.message_credit,
          .flows_max = options.flows_max,
          .protocol = options.protocol};
}

}  // namespace hotline::session

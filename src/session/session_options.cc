#include "hotline/session/session_options.h"

#include <string_view>

#include "session/frame.h"
#include "session/own_hello.h"

namespace hotline {
namespace {

Result<void> wrong_option(std::string_view what) {
  return fail(make_error(ErrorKind::invalid_argument, "begin a session", {}, std::string(what),
                         "the limits are in hotline/session/session_options.h"));
}

}  // namespace

Result<void> SessionOptions::check() const {
  if (const auto fault = session::fault_in(session::own_hello(*this))) {
    return wrong_option("the options " + std::string(fault->reason));
  }
  if (message_types > kMessageTypesMax)
    return wrong_option("more types of messages than there are");
  if (data_max == 0) return wrong_option("a data_max of 0 bytes");
  if (unsent_max == 0) return wrong_option("an unsent_max of 0 bytes");
  if (flow_credit_max > kCreditMax) return wrong_option("a flow_credit_max above kCreditMax");
  if (hello_timeout <= Duration::zero() || heartbeat <= Duration::zero() ||
      silence_max <= Duration::zero() || write_timeout <= Duration::zero()) {
    return wrong_option("a time that is not positive");
  }
  return {};
}

}  // namespace hotline

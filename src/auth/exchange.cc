#include "auth/exchange.h"

#include <chrono>
#include <utility>

#include "net/linger.h"

namespace hotline::auth {
namespace {

constexpr Duration kEndWait = std::chrono::seconds(1);
constexpr std::string_view kAuthenticate = "authenticate";
constexpr std::string_view kAuthenticateAt = "authenticate at";

}  // namespace

void end_in_order(Stream& call) {
  net::linger(call, kEndWait);
  call.close();
}

Error caller_error(ErrorKind kind, const Stream& call, std::string detail) {
  return make_error(kind, kAuthenticate, call.peer().to_string(), std::move(detail),
                    std::string(kSameSecret));
}

Error server_error(ErrorKind kind, const Stream& server, std::string detail,
                   std::string_view advice) {
  return make_error(kind, kAuthenticateAt, server.peer().to_string(), std::move(detail),
                    std::string(advice));
}

Error server_wait_error(const Error& cause, const Stream& server, std::string_view awaited,
                        std::string_view advice) {
  switch (cause.kind) {
    case ErrorKind::closed:
    case ErrorKind::truncated:
    case ErrorKind::reset:
      return server_error(cause.kind, server, "it hung up before " + std::string(awaited), advice);
    case ErrorKind::timed_out:
      return server_error(cause.kind, server, std::string(awaited) + " did not come in time",
                          advice);
    default: return cause;
  }
}

std::string advice_without_challenge(std::string_view question) {
  return std::string(question) +
         " After failed calls it may also refuse others from here for a while: its log says why";
}

}  // namespace hotline::auth

#include "cli/service_time.h"

#include "cli/text_layout.h"
#include "hotline/services/time.h"

namespace hotline::cli {
namespace {

constexpr char kTimeHelp[] = R"(  hotline serve time=udp://127.0.0.1:8083
  hotline time udp://127.0.0.1:8083 '%H:%M'

A message is a format of strftime(3), and the reply is the local time in it. An empty message means
%Y-%m-%d-%X. The reply to a malformed format is one line that begins with 'error: '. A reply has at
most 256 bytes.

Some datagrams are not answered, so that the service cannot be used to flood others, nor loop: those
from ports below 1024, those of sources that ask more often than limit= says, and those that may be
replies of another such server.

On streams, messages need a framing ('hotline help framing'). The endpoints of this service may have
these options:

)";

std::vector<Definition> time_options() {
  return {
      {"tz=ZONE",
       "the time zone: a name such as Europe/Berlin, or a rule as in the variable TZ "
       "(default: that of the machine)"},
      {"locale=NAME",
       "the language of the names of days and months, such as de_DE.UTF-8 (default "
       "C, which is English)"},
      {"limit=COUNT/TIME:BURST",
       "datagrams: how many requests of one address, or of one IPv6 network of 64 bits, are "
       "answered "
       "in TIME, and how many at once: 1/8s:8, or none (default 10/s:20 for other machines, none "
       "for this one)"},
  };
}

Result<Handler> make_time(OptionTaker& taker, const ServiceNeeds&) { return time_maker()(taker); }

}  // namespace

ServiceEntry time_service() {
  return {.name = "time",
          .summary = "answers a strftime format with the local time",
          .transports = {"udp", "unixgram", "tcp", "tls", "unix", "fd"},
          .example = "time=udp://127.0.0.1:8083",
          .help = kTimeHelp + two_columns(time_options()),
          .make = make_time};
}

}  // namespace hotline::cli

#include "cli/service_ntp.h"

#include "hotline/services/ntp.h"

namespace hotline::cli {
namespace {

constexpr char kNtpHelp[] = R"(  hotline serve 'ntp=udp://:123?mirror=127.0.0.1:11123'
  hotline ntp 127.0.0.1

An NTP server (RFC 5905) for every usual client: chronyd, ntpd, systemd-timesyncd, OpenNTPD. The
time is that of this machine's clock, which some other program keeps right; this one never sets it.
Replies have the kernel's receive times, and in the interleaved mode (RFC 9769) also its transmit
times.

How far the clock can be trusted is copied from the program that sets it (mirror=), or asked of the
kernel, or stated outright (local-stratum=). If it cannot be trusted, replies say so, clients do not
use them, and the log says why. Port 123 needs the capability CAP_NET_BIND_SERVICE.

Its endpoints may have these options:

  mirror=HOST:PORT  copy stratum, leap, delay and dispersion from the NTP server that sets the
                    clock of this machine
  local-stratum=N   the clock is right, whatever the kernel says, and has stratum N, 1 to 15
  keys=FILE         keys for requests with a MAC, a line each: ID TYPE KEY; TYPE is MD5, SHA1 or
                    AES128, and KEY may be written HEX:...
  limit=RATE        answer each source at most so often, such as 1/8s:8
  over-limit=WHAT   what a source gets above that: ignore (the default) or kiss
)";

Result<Handler> make_ntp(OptionTaker& taker, const ServiceNeeds& needs) {
  if (needs.calls == CallCount::one) {
    return fail(taker.refuse("an NTP server has no calls, so that --once would never end it",
                             "leave out --once"));
  }
  NtpOptions options;
  options.log = needs.log;
  return ntp_maker(options)(taker);
}

}  // namespace

ServiceEntry ntp_service() {
  return {.name = "ntp",
          .summary = "is an NTP server for the clock of this machine",
          .transports = {"udp", "fd"},
          .example = "ntp=udp://127.0.0.1:11123?local-stratum=5",
          .help = kNtpHelp,
          .make = make_ntp};
}

}  // namespace hotline::cli

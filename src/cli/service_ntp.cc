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

The replies say how far the clock can be trusted. By default the kernel is asked, which knows it if
the program that sets the clock reports to it. With mirror= that program is asked instead, if it
answers NTP requests. With local-stratum= you state it yourself. If the clock cannot be trusted,
replies say so, clients do not use them, and the log says why. Port 123 needs the capability
CAP_NET_BIND_SERVICE.

Its endpoints may have these options:

  mirror=HOST:PORT  copy stratum, leap, delay and dispersion from the NTP server that sets the
                    clock of this machine
  local-stratum=N   the clock is right, whatever the kernel says, and has stratum N, 1 to 15
  keys=FILE         keys of clients that authenticate their requests, a line each: ID TYPE KEY;
                    TYPE is MD5, SHA1 or AES128, and KEY may be written HEX:...; only the owner may
                    have permission to read it; SIGHUP reads it again
  limit=COUNT/TIME:BURST
                    answer each source at most COUNT times in TIME, and BURST times at once after a
                    silence: 1/8s:8, or none (the default)
  over-limit=WHAT   what a source gets that asks more often: nothing if it is ignore (the
                    default); with kiss, a reply that asks it to ask less often
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

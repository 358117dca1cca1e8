#include "server_probe.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>

#include "failure.h"

namespace bench {

ServerProbe::ServerProbe(pid_t pid) : pid_(pid) {
  // The process's clock and not /proc/PID/task/*/schedstat: the same nanoseconds, but the time
  // of threads that have ended stays in it.
  if (present() && clock_getcpuclockid(pid, &clock_) != 0)
    throw Failure("no process " + std::to_string(pid));
}

Nanoseconds ServerProbe::cpu_time() const { return present() ? read_clock(clock_) : 0; }

std::uint64_t ServerProbe::resident() const {
  if (!present()) return 0;
  const std::string path = "/proc/" + std::to_string(pid_) + "/smaps_rollup";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             std::fclose);
  if (file == nullptr) throw Failure::system(path.c_str());
  char line[256];
  std::uint64_t kibibytes = 0;
  while (std::fgets(line, sizeof line, file.get()) != nullptr)
    if (std::sscanf(line, "Rss: %" SCNu64, &kibibytes) == 1) return kibibytes * 1024;
  throw Failure(path + " has no Rss");
}

std::uint64_t ServerProbe::resident_settled() const {
  constexpr int kChecksMax = 40;
  constexpr int kSameMin = 4;
  constexpr useconds_t kPause = 100'000;
  std::uint64_t last = resident();
  int same = 0;
  for (int check = 0; check < kChecksMax && same < kSameMin; ++check) {
    usleep(kPause);
    const std::uint64_t current = resident();
    same = current == last ? same + 1 : 0;
    last = current;
  }
  return last;
}

}  // namespace bench

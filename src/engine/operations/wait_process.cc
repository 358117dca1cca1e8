#include "engine/operations/wait_process.h"

#include <sys/wait.h>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

int WaitProcess::attempt() noexcept {
  siginfo_t info{};
  const int result = system_result([&] {
    return ::waitid(P_PIDFD, static_cast<id_t>(channel().fd()), &info, WEXITED | WNOHANG);
  });
  if (result < 0) return result;
  if (info.si_pid == 0) return -EAGAIN;
  const bool has_exited = info.si_code == CLD_EXITED;
  end = has_exited ? ProcessEnd{info.si_status, 0} : ProcessEnd{-1, info.si_status};
  return 0;
}

}  // namespace hotline::engine

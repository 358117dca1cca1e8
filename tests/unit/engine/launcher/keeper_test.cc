#include "engine/launcher/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include <doctest/doctest.h>

#include "engine/launcher/launch_request.h"
#include "support/launched.h"

namespace hotline::engine::keeper_test {
namespace {

/// A keeper in a forked process, with the launcher's and the server's ends of its descriptors.
class KeptKeeper {
 public:
  KeptKeeper() {
    std::tie(requests_, requests_of_keeper_) = sockets();
    std::tie(status_, status_of_keeper_) = sockets();
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    notices_.reset(ends[0]);
    notices_of_keeper_.reset(ends[1]);
    REQUIRE(spares_ != nullptr);
    const pid_t fork = spares_->begin_fork();
    const pid_t launcher = ::getpid();
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) run(launcher, fork);
    requests_of_keeper_.reset();
    notices_of_keeper_.reset();
  }
  ~KeptKeeper() {
    if (pid_ > 0) static_cast<void>(end());
  }

  pid_t pid() const { return pid_; }

  void request(const std::string& script) {
    auto message = encode_request(test::shell(script));
    REQUIRE(message);
    send(as_bytes(*message));
  }
  /// The same, and the program runs.
  void start(const std::string& script) {
    request(script);
    CHECK(next_status().kind == StatusKind::started);
  }
  /// Makes the descriptors of a further request.
  void renew() { std::tie(status_, status_of_keeper_) = sockets(); }
  void send(Bytes message) {
    const auto null = [] { return UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)); };
    REQUIRE(send_request(requests_.get(), message,
                         {null(), null(), std::move(status_of_keeper_)}) == 0);
  }
  LaunchStatus next_status() {
    LaunchStatus status;
    REQUIRE(::read(status_.get(), &status, sizeof status) == sizeof status);
    return status;
  }
  bool has_no_more_to_say() {
    LaunchStatus status;
    return ::read(status_.get(), &status, sizeof status) == 0;
  }
  bool gets_notice() {
    char notice = 0;
    return ::read(notices_.get(), &notice, sizeof notice) == sizeof notice;
  }
  SpareKeepers& spares() { return *spares_; }
  void signal(int number) { REQUIRE(send_signal_request(status_.get(), number) == 0); }
  void hang_up() { status_.reset(); }
  void kill_softly() { ::shutdown(status_.get(), SHUT_WR); }
  void no_more_requests() { requests_.reset(); }

  /// Returns its status, as in waitpid(2).
  int end() {
    status_.reset();
    status_of_keeper_.reset();
    requests_.reset();
    int status = -1;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }

 private:
  static std::pair<UniqueFd, UniqueFd> sockets() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }

  [[noreturn]] void run(pid_t launcher, pid_t fork) {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    requests_.reset();
    status_.reset();
    status_of_keeper_.reset();
    const UniqueFd signals = open_signals();
    static std::array<std::byte, kRequestBytesMax> memory;
    std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};
    Keeper({requests_of_keeper_.get(), notices_of_keeper_.get(), signals.get(), memory, environment,
            *spares_, fork})
        .run(launcher);
    ::_exit(EXIT_SUCCESS);
  }

  SpareKeepers* spares_ = SpareKeepers::make();
  UniqueFd requests_;
  UniqueFd requests_of_keeper_;
  UniqueFd status_;
  UniqueFd status_of_keeper_;
  UniqueFd notices_;
  UniqueFd notices_of_keeper_;
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("a keeper reports that a program runs, and how it ended") {
  KeptKeeper keeper;
  keeper.request("exit 3");
  CHECK(keeper.next_status().kind == StatusKind::started);
  const LaunchStatus ended = keeper.next_status();
  CHECK(ended.kind == StatusKind::ended);
  CHECK(ended.value == 3);
  CHECK(keeper.has_no_more_to_say());
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper takes the next request when nothing is left of the last one") {
  KeptKeeper keeper;
  for (const int value : {3, 4, 5}) {
    keeper.start("(setsid sleep 0 &); exit " + std::to_string(value));
    CHECK(keeper.next_status().value == value);
    while (!keeper.has_no_more_to_say()) {
    }
    keeper.renew();
  }
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper takes the next request after one that could not be started") {
  KeptKeeper keeper;
  keeper.send(as_bytes("nonsense"));
  CHECK(keeper.next_status().kind == StatusKind::program_failed);
  CHECK(keeper.has_no_more_to_say());
  keeper.renew();
  keeper.start("exit 3");
  CHECK(keeper.next_status().value == 3);
}

TEST_CASE("a keeper takes the next request after the server has hung up") {
  test::Witness witness;
  KeptKeeper keeper;
  keeper.start("exec 3>" + witness.path() + "; echo runs >&3; sleep 1000");
  CHECK(witness.wait_for_line() == "runs");
  keeper.hang_up();
  CHECK(witness.wait_for_end().empty());
  keeper.renew();
  keeper.start("exit 3");
  CHECK(keeper.next_status().value == 3);
}

TEST_CASE("a keeper is noted as a spare one while it has no request") {
  KeptKeeper keeper;
  keeper.start("exec sleep 1000");
  CHECK(keeper.gets_notice());
  CHECK(keeper.spares().count() == 0);
  keeper.kill_softly();
  CHECK(keeper.next_status().kind == StatusKind::ended);
  CHECK(keeper.has_no_more_to_say());
  while (keeper.spares().count() == 0) ::usleep(1000);
}

TEST_CASE("a keeper gives no notice while there are spare ones enough") {
  KeptKeeper keeper;
  for (std::size_t i = 0; i < SpareKeepers::kWanted; ++i) keeper.spares().add(1'000'000);
  keeper.start("exit 3");
  CHECK(keeper.next_status().value == 3);
  keeper.no_more_requests();
  CHECK_FALSE(keeper.gets_notice());
}

TEST_CASE("a keeper exits after its request if there are spare ones enough") {
  KeptKeeper keeper;
  keeper.start("exec sleep 1000");
  CHECK(keeper.gets_notice());
  for (std::size_t i = 0; i < SpareKeepers::kMax; ++i) keeper.spares().add(1'000'000);
  keeper.kill_softly();
  CHECK(keeper.next_status().kind == StatusKind::ended);
  CHECK_FALSE(keeper.gets_notice());
}

TEST_CASE("a keeper without a request exits when the server does") {
  KeptKeeper keeper;
  keeper.no_more_requests();
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper that is sent something other than a request reports that and exits") {
  KeptKeeper keeper;
  keeper.send(as_bytes("nonsense"));
  const LaunchStatus status = keeper.next_status();
  CHECK(status.kind == StatusKind::program_failed);
  CHECK(status.value == EINVAL);
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper waits for what a program leaves running, and kills it on a hang-up") {
  test::Witness witness;
  KeptKeeper keeper;
  keeper.start("exec 3>" + witness.path() + "; (setsid sleep 1000 >&3 &); echo left >&3");
  CHECK(keeper.next_status().kind == StatusKind::ended_first);
  CHECK(witness.wait_for_line() == "left");
  CHECK(test::is_running(keeper.pid()));
  keeper.hang_up();
  CHECK(witness.wait_for_end().empty());
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper that is asked to kill then reports how the program ended") {
  KeptKeeper keeper;
  keeper.start("exec sleep 1000");
  keeper.kill_softly();
  const LaunchStatus ended = keeper.next_status();
  CHECK(ended.kind == StatusKind::ended);
  CHECK(ended.value == -1);
  CHECK(ended.signal == SIGKILL);
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper leaves the signals of a service manager to the server") {
  KeptKeeper keeper;
  keeper.start("exec sleep 1000");
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM}) {
    ::kill(keeper.pid(), signal);
  }
  keeper.kill_softly();
  CHECK(keeper.next_status().signal == SIGKILL);
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper kills its tree when the launcher dies, and reports no end") {
  KeptKeeper keeper;
  keeper.start("exec sleep 1000");
  ::kill(keeper.pid(), kParentDeathSignal);
  CHECK(keeper.has_no_more_to_say());
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper reports that what a program left has ended by itself") {
  test::Witness witness;
  KeptKeeper keeper;
  keeper.start("exec 3<>" + witness.path() + "; setsid head -n 1 <&3 &");
  CHECK(keeper.next_status().kind == StatusKind::ended_first);
  std::ofstream(witness.path()) << "go" << std::endl;
  CHECK(keeper.next_status().kind == StatusKind::kept);
  CHECK(keeper.has_no_more_to_say());
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper reports that a tree was left alone only if that is true") {
  for (const bool is_orphan : {false, true}) {
    CAPTURE(is_orphan);
    KeptKeeper keeper;
    keeper.start("setsid sleep 1000 &");
    CHECK(keeper.next_status().kind == StatusKind::ended_first);
    is_orphan ? static_cast<void>(::kill(keeper.pid(), kParentDeathSignal)) : keeper.kill_softly();
    if (!is_orphan) CHECK(keeper.next_status().kind == StatusKind::kept);
    CHECK(keeper.has_no_more_to_say());
    CHECK(keeper.end() == 0);
  }
}

TEST_CASE("a keeper sends the signals that it is asked for, and then kills if it is asked to") {
  test::Witness witness;
  KeptKeeper keeper;
  keeper.start("exec 3>" + witness.path() +
               "; trap 'echo usr1 >&3' USR1; echo up >&3; while :; do sleep 0.01; done");
  CHECK(witness.wait_for_line() == "up");
  keeper.signal(SIGUSR1);
  CHECK(witness.wait_for_line() == "usr1");
  keeper.signal(SIGUSR1);
  keeper.kill_softly();
  CHECK(keeper.next_status().signal == SIGKILL);
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper sends no signal to what a program has left, and does not end for it") {
  KeptKeeper keeper;
  keeper.start("sleep 1000 & exit 0");
  CHECK(keeper.next_status().kind == StatusKind::ended_first);
  keeper.signal(SIGTERM);
  keeper.kill_softly();
  CHECK(keeper.next_status().kind == StatusKind::kept);
  CHECK(keeper.end() == 0);
}

TEST_CASE("a keeper reports the process id of the program, and what it used") {
  KeptKeeper keeper;
  keeper.request("exit 0");
  const LaunchStatus started = keeper.next_status();
  CHECK(started.kind == StatusKind::started);
  CHECK(started.value > 0);
  CHECK(started.value != keeper.pid());
  const LaunchStatus ended = keeper.next_status();
  CHECK(ended.user_us + ended.system_us > 0);
  CHECK(ended.memory_max_bytes > 0);
}

}  // namespace hotline::engine::keeper_test

#include "cli/standard_input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include "support/sockets.h"
#include "support/standard_streams.h"

namespace hotline::cli::standard_input_test {
namespace {

constexpr int kNoPeer = -1;

std::string read_text(std::size_t size) {
  std::string text(size, '\0');
  const std::ptrdiff_t count = StandardInput::read(std::as_writable_bytes(std::span(text)));
  REQUIRE(count >= 0);
  text.resize(static_cast<std::size_t>(count));
  return text;
}

}  // namespace

TEST_CASE("input is ready when there are bytes, or at its end") {
  test::FedInput input;
  CHECK_FALSE(StandardInput::is_ready());
  input.feed("ab");
  CHECK(StandardInput::is_ready());
  CHECK(read_text(1) == "a");
  CHECK(StandardInput::is_ready());
  CHECK(read_text(10) == "b");
  CHECK_FALSE(StandardInput::is_ready());
  input.end();
  CHECK(StandardInput::is_ready());
  CHECK(read_text(10).empty());
}

TEST_CASE("a wait ends with input, its end, or data from the peer") {
  test::FedInput input;
  const auto [near, far] = test::stream_pair();
  test::send_text(far.get(), "x");
  CHECK(StandardInput::wait(near.get()) == StandardInput::Ready::peer);
  input.feed("a");
  CHECK(StandardInput::wait(near.get()) == StandardInput::Ready::input);
  CHECK(StandardInput::wait(kNoPeer) == StandardInput::Ready::input);
  CHECK(read_text(1) == "a");
  input.end();
  CHECK(StandardInput::wait(near.get()) == StandardInput::Ready::input);
}

TEST_CASE("the end of the peer ends a wait too") {
  const test::FedInput input;
  auto [near, far] = test::stream_pair();
  far.reset();
  CHECK(StandardInput::wait(near.get()) == StandardInput::Ready::peer);
}

TEST_CASE("a wait that fails, but is not cancelled, is left to the read") {
  struct Suspending final : PeerWatch {
    int descriptor() const override { return -1; }
    bool has_hung_up() const override { return false; }
    bool suspends() const override { return true; }
    bool show_arrived() override { return false; }
    void settle() override {}
  };
  test::FedInput input;
  input.feed("a");
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto ready = wait_for_input(Suspending());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(ready == StandardInput::Ready::input);
  CHECK(read_text(1) == "a");
}

TEST_CASE("for input that cannot be read, the errno says why") {
  const UniqueFd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(folder);
  const test::Redirection redirection(STDIN_FILENO, folder.get());
  std::byte byte{};
  CHECK(StandardInput::read({&byte, 1}) == -EISDIR);
}

TEST_CASE("only a terminal counts as one") {
  {
    const test::FedInput input;
    CHECK_FALSE(StandardInput::is_terminal());
  }
  const UniqueFd terminal(::posix_openpt(O_RDWR | O_NOCTTY));
  REQUIRE(terminal);
  const test::Redirection input(STDIN_FILENO, terminal.get());
  CHECK(StandardInput::is_terminal());
  bool is_terminal = true;
  test::written_to(stdout, [&] { is_terminal = is_output_terminal(); });
  CHECK_FALSE(is_terminal);
  {
    const test::Redirection output(STDOUT_FILENO, terminal.get());
    is_terminal = is_output_terminal();
  }
  CHECK(is_terminal);
}

}  // namespace hotline::cli::standard_input_test

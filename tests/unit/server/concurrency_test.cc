#include "hotline/server/concurrency.h"

#include <doctest/doctest.h>

#include "engine/processor_count.h"

namespace hotline::concurrency_test {

using Kind = Concurrency::Kind;

TEST_CASE("every word of concurrency is parsed, with its number and without") {
  struct Form {
    std::string_view word;
    Kind kind;
    std::optional<std::size_t> count;
  };
  for (const Form& form :
       {Form{"serial", Kind::serial, {}}, Form{"threads", Kind::threads, {}},
        Form{"threads:1", Kind::threads, 1}, Form{"threads:4096", Kind::threads, 4096},
        Form{"processes:16", Kind::processes, 16}, Form{"loops", Kind::loops, {}},
        Form{"loops:256", Kind::loops, 256}, Form{"loops:02", Kind::loops, 2}}) {
    CAPTURE(form.word);
    const auto parsed = Concurrency::parse(form.word);
    REQUIRE(parsed);
    CHECK(parsed->kind == form.kind);
    CHECK(parsed->count == form.count);
  }
}

TEST_CASE("an invalid word of concurrency is refused with the known ones") {
  for (const std::string_view word :
       {"", ":", "Serial", "fibers", "serial:1", "serial:", "threads:", "threads:0", "threads:4097",
        "processes:-1", "processes:+1", "loops:257", "loops:1x", "loops: 1", "loops:1:1", " loops",
        "loops:99999999999999999999", "loops\n"}) {
    CAPTURE(word);
    const auto parsed = Concurrency::parse(word);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid_argument);
    CHECK(parsed.error().message().find('\n') == std::string::npos);
    CHECK(parsed.error().hint() == "the words are serial, threads:N, processes:N and loops:N");
  }
}

TEST_CASE("a word without a number means the default, which is never 0") {
  CHECK(Concurrency{Kind::serial}.effective_count() == 1);
  CHECK(Concurrency{Kind::threads}.effective_count() == 256);
  CHECK(Concurrency{Kind::processes}.effective_count() == 64);
  CHECK(Concurrency{}.effective_count() == engine::processor_count());
  CHECK(Concurrency{Kind::threads, 7}.effective_count() == 7);
}

TEST_CASE("a word is formatted with the number that is meant, and parsed again") {
  CHECK(Concurrency{Kind::serial}.to_string() == "serial");
  CHECK(Concurrency{Kind::threads}.to_string() == "threads:256");
  CHECK(Concurrency{Kind::processes, 3}.to_string() == "processes:3");
  for (const Kind kind : {Kind::serial, Kind::threads, Kind::processes, Kind::loops}) {
    const auto again = Concurrency::parse(Concurrency{kind, {}}.to_string());
    REQUIRE(again);
    CHECK(again->kind == kind);
  }
}

}  // namespace hotline::concurrency_test

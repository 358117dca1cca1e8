#include "hotline/server/concurrency.h"

#include <charconv>

#include "engine/engine.h"
#include "hotline/core/bytes.h"
#include "hotline/core/rows.h"

namespace hotline {
namespace {

constexpr std::size_t kThreadsDefault = 256;
constexpr std::size_t kProcessesDefault = 64;

struct Word {
  Concurrency::Kind kind;
  Choice choice;
  std::optional<std::size_t> count_max{};  ///< Empty: the word has no count.
};
constexpr Word kWords[] = {
    {Concurrency::Kind::serial,
     {.name = "serial", .form = "serial", .summary = "one call after another at each endpoint"}},
    {Concurrency::Kind::threads,
     {.name = "threads",
      .form = "threads:N",
      .summary = "at most N calls (default 256), each on a thread of its own"},
     4096},
    {Concurrency::Kind::processes,
     {.name = "processes",
      .form = "processes:N",
      .summary = "at most N calls (default 64), each in a process of its own"},
     4096},
    {Concurrency::Kind::loops,
     {.name = "loops",
      .form = "loops:N",
      .summary = "N event loops (default one a core), with tens of thousands of calls on each"},
     256},
};

static_assert(is_in_order(kWords, &Word::kind), "to_string finds a word by its number");

constexpr auto kWordChoices = choices_of(kWords);

std::unexpected<Error> refuse(std::string_view word, std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "use the concurrency",
                         "'" + escape(as_bytes(word)) + "'", std::move(detail),
                         "the words are " + list_forms(kWordChoices)));
}

}  // namespace

Result<Concurrency> Concurrency::parse(std::string_view word) {
  const std::size_t colon = word.find(':');
  const Word* known = find_row(kWords, word.substr(0, colon));
  if (known == nullptr) return refuse(word, "there is no such word");
  if (colon == word.npos) return Concurrency{known->kind, {}};
  if (!known->count_max) return refuse(word, "no number may follow that word");
  const std::string_view digits = word.substr(colon + 1);
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || count < 1 || count > *known->count_max) {
    return refuse(word, "the number must be from 1 to " + std::to_string(*known->count_max));
  }
  return Concurrency{known->kind, count};
}

std::span<const Choice> Concurrency::choices() { return kWordChoices; }

std::string Concurrency::to_string() const {
  const Word& word = kWords[static_cast<std::size_t>(kind)];
  const std::string name(word.choice.name);
  return word.count_max ? name + ":" + std::to_string(effective_count()) : name;
}

std::size_t Concurrency::effective_count() const {
  if (count) return *count;
  switch (kind) {
    case Kind::serial: return 1;
    case Kind::threads: return kThreadsDefault;
    case Kind::processes: return kProcessesDefault;
    case Kind::loops: return engine::Engine::current().core_count();
  }
  return 1;
}

}  // namespace hotline

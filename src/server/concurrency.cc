#include "hotline/server/concurrency.h"

#include <algorithm>
#include <charconv>

#include "engine/engine.h"
#include "hotline/core/bytes.h"
#include "hotline/core/choice.h"

namespace hotline {
namespace {

constexpr std::size_t kThreadsDefault = 256;
constexpr std::size_t kProcessesDefault = 64;

struct Word {
  std::string_view name;
  Concurrency::Kind kind;
  std::size_t count_max;  ///< 0: the word has no count.
};
constexpr Word kWords[] = {
    {"serial", Concurrency::Kind::serial, 0},
    {"threads", Concurrency::Kind::threads, 4096},
    {"processes", Concurrency::Kind::processes, 4096},
    {"loops", Concurrency::Kind::loops, 256},
};

std::string form_of(const Word& word) {
  return std::string(word.name) + (word.count_max == 0 ? "" : ":N");
}

std::unexpected<Error> refuse(std::string_view word, std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "use the concurrency",
                         "'" + escape(as_bytes(word)) + "'", std::move(detail),
                         "the words are " + list_words(Concurrency::forms())));
}

}  // namespace

Result<Concurrency> Concurrency::parse(std::string_view word) {
  const std::size_t colon = word.find(':');
  const auto known = std::ranges::find(kWords, word.substr(0, colon), &Word::name);
  if (known == std::end(kWords)) return refuse(word, "there is no such word");
  if (colon == word.npos) return Concurrency{known->kind, {}};
  if (known->count_max == 0) return refuse(word, "no number may follow that word");
  const std::string_view digits = word.substr(colon + 1);
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || count < 1 || count > known->count_max) {
    return refuse(word, "the number must be from 1 to " + std::to_string(known->count_max));
  }
  return Concurrency{known->kind, count};
}

std::vector<std::string> Concurrency::names() {
  std::vector<std::string> names;
  for (const Word& each : kWords) names.emplace_back(each.name);
  return names;
}

std::vector<std::string> Concurrency::forms() {
  std::vector<std::string> forms;
  for (const Word& each : kWords) forms.push_back(form_of(each));
  return forms;
}

std::string Concurrency::to_string() const {
  const auto word = std::ranges::find(kWords, kind, &Word::kind);
  if (kind == Kind::serial) return std::string(word->name);
  return std::string(word->name) + ":" + std::to_string(effective_count());
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

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/services/file_client.h"
#include "simulation/cut_world.h"

namespace simulation {
namespace {

using hotline::FileClient;
using hotline::FileErrorCode;
using hotline::FileKind;
using hotline::FilePath;
using hotline::FileResult;
using hotline::MissingParents;
using std::chrono::milliseconds;
using std::chrono::minutes;
using State = FileModel::State;

constexpr std::size_t kSteps = 5;
constexpr std::size_t kConnects = 400;
constexpr std::size_t kRepetitions = 4;
constexpr std::size_t kLastRepetitions = 100;
constexpr hotline::Duration kPatience = minutes(2);

// After that the server has noticed the end of any connection, and gets nothing late.
constexpr hotline::Duration kForgotten = minutes(11);

/// How a request has ended.
enum class End : std::uint8_t { done, refused, unknown };

/// Returns true for an answer that says that nothing was done.
bool is_refusal(FileErrorCode code) {
  switch (code) {
    case FileErrorCode::not_found:
    case FileErrorCode::exists:
    case FileErrorCode::not_a_file:
    case FileErrorCode::not_a_directory:
    case FileErrorCode::not_empty:
    case FileErrorCode::quota_bytes:
    case FileErrorCode::quota_entries:
    case FileErrorCode::into_itself: return true;
    default: return false;
  }
}

template <typename T>
End end_of(const FileResult<T>& result) {
  if (result) return End::done;
  const auto& answer = result.error().answer;
  return answer && is_refusal(answer->code) ? End::refused : End::unknown;
}

FilePath path_of(const std::string& text) { return FilePath::parse(text).value(); }

hotline::UploadKey key_of(State content) {
  hotline::UploadKey key{std::byte{1}};
  for (std::size_t i = 0; i < sizeof content; ++i) {
    key[i + 8] = static_cast<std::byte>(content >> (8 * i));
  }
  return key;
}

hotline::FileTime time_of(State content) {
  return hotline::FileTime(std::chrono::seconds(1'000'000 + content));
}

/// Adds the directories on the way to a name, as a request with MissingParents::make makes them.
FileModel::Effects with_parents(FileModel::Effects effects) {
  for (FilePath path = path_of(effects.back().path).parent(); !path.is_home();
       path = path.parent()) {
    effects.push_back({path.text(), {FileModel::kDirectory}});
  }
  return effects;
}

class CutCaller {
 public:
  CutCaller(CutWorld& world, std::size_t number)
      : cut_(world), own_("c" + std::to_string(number)), chance_(world.seed * 31 + number) {
    for (const char* each : {"/a", "/b", "/d/f", "/d/g", "/e/f"}) files_.push_back(own_ + each);
    files_.push_back("shared/" + own_);
    for (const char* each : {"/d", "/e", "/e/h"}) directories_.push_back(own_ + each);
  }

  void run() {
    for (std::size_t i = 0; i < kSteps && cut_.wrong.empty(); ++i) {
      plan_cut(cut_);
      step();
    }
    if (cut_.wrong.empty()) store_last();
  }

 private:
  FilePath at(const std::string& path) const { return path_of(cut_.prefix() + path); }

  void step() {
    switch (chance_.below(16)) {
      case 0: return put();
      case 1: return look_at_quota();
      case 2: return make_directory();
      case 3: return copy();
      case 4: return move_file();
      case 5: return move_directory();
      case 6: return remove_tree();
      case 7: return remove_file();
      case 8: return list();
      case 9:
      case 10: return get();
      default: return store();
    }
  }

  // The connection.

  bool connect() {
    for (std::size_t i = 0; i < kConnects; ++i) {
      hotline::ConnectOptions options;
      options.timeout = std::chrono::seconds(20);
      if (auto call = hotline::connect("tcp://server:8000", options)) {
        auto client = FileClient::open(std::move(*call));
        if (client) client_.emplace(std::move(*client));
        if (client) return true;
      }
      if (!hotline::sleep_for(milliseconds(100 + 20 * i))) return false;
    }
    cut_.blame("a caller does not reach the server");
    return false;
  }

  /// Asks once. Returns nothing if there is no connection.
  template <typename Ask>
  auto ask(const Ask& request) {
    using Asked = decltype(request(*client_, hotline::Deadline::never()));
    if (!client_ && !connect()) return Asked(hotline::fail(hotline::Error()));
    auto asked = request(*client_, hotline::deadline_after(kPatience));
    // The connection has broken, or the server takes no more requests on it.
    if (!asked && !asked.error().answer) client_.reset();
    return asked;
  }

  // Changes.

  /// Asks until it is done or refused, or often enough. Each attempt is a change of its own: an
  /// earlier one that was not answered may still come.
  void change(const FileModel::Effects& effects, std::size_t repetitions,
              const std::function<End()>& request) {
    for (std::size_t i = 0; i < repetitions; ++i) {
      const FileModel::Change change = cut_.model.begin(effects);
      const End end = request();
      if (end == End::done) return cut_.model.succeed(change);
      if (end == End::refused) return cut_.model.withdraw(change);
      cut_.model.note_asked(change);
      if (!hotline::sleep_for(milliseconds(1 + chance_.below(300)))) return;
    }
  }

  /// The same once. What it does depends on what is there, so nothing else is asked for before it
  /// has certainly ended.
  void change_once(FileModel::Effects effects, const std::function<End()>& request) {
    const FileModel::Change change = cut_.model.begin(std::move(effects));
    const End end = request();
    if (end == End::refused) return cut_.model.withdraw(change);
    if (end == End::unknown) {
      if (hotline::sleep_for(kForgotten)) cut_.model.end(change);
      return;
    }
    cut_.model.succeed(change);
  }

  void store() {
    const std::string& path = some(files_);
    const State content = cut_.model.add_content(chance_.below(3) == 0 ? 9'000 : 300);
    hotline::PutSmallFile request{.path = at(path),
                                  .parents = MissingParents::make,
                                  .modified = time_of(content),
                                  .content = cut_.model.content(content)};
    if (chance_.below(4) != 0) request.replacement.on_exist = hotline::OnExist::replace;
    if (chance_.below(2) == 0) request.key = key_of(content);
    change(with_parents({{path, {content}}}), 1 + chance_.below(kRepetitions), [&] {
      return end_of(ask([&](FileClient& client, hotline::Deadline deadline) {
        return client.store(request, deadline);
      }));
    });
  }

  /// Whatever has happened before, a server that is not cut off any more stores what it has room
  /// for.
  void store_last() {
    const State content = cut_.model.add_content(300);
    const std::string path = own_ + "/last";
    const hotline::PutSmallFile request{.path = at(path),
                                        .parents = MissingParents::make,
                                        .modified = time_of(content),
                                        .replacement = {.on_exist = hotline::OnExist::replace},
                                        .content = cut_.model.content(content)};
    bool has_ended = false;
    change(with_parents({{path, {content}}}), kLastRepetitions, [&] {
      const End end = end_of(ask([&](FileClient& client, hotline::Deadline deadline) {
        return client.store(request, deadline);
      }));
      if (end != End::unknown) has_ended = true;
      return end;
    });
    if (!has_ended) cut_.blame("a caller can store nothing any more");
  }

  /// A file of more than a block, the first attempt of which often ends within the second block.
  void put() {
    const std::string& path = some(files_);
    const bool is_long = chance_.below(3) == 0;
    const State content = cut_.model.add_content(is_long ? (1U << 20) + 9'000 : 70'000);
    hotline::PutFile request{.path = at(path),
                             .parents = MissingParents::make,
                             .size = cut_.model.content(content).size(),
                             .modified = time_of(content),
                             .replacement = {.on_exist = hotline::OnExist::replace}};
    if (chance_.below(5) != 0) request.key = key_of(content);
    bool is_broken_off = chance_.below(2) == 0;
    change(with_parents({{path, {content}}}), 1 + chance_.below(kRepetitions), [&] {
      return end_of(ask([&](FileClient& client, hotline::Deadline deadline) {
        const bool ends_early = std::exchange(is_broken_off, false);
        return client.put(request, source_of(content, ends_early), deadline);
      }));
    });
  }

  hotline::ContentSource source_of(State content, bool ends_early) {
    hotline::ContentSource source;
    source.next = [this, content,
                   ends_early](std::uint64_t offset) -> hotline::Result<hotline::ContentPiece> {
      const hotline::Bytes all = hotline::as_bytes(cut_.model.content(content));
      const hotline::Bytes rest = all.subspan(static_cast<std::size_t>(offset));
      if (ends_early && rest.size() < 8'000) return hotline::fail(hotline::Error());
      return hotline::ContentPiece{.bytes = rest.first(std::min<std::size_t>(rest.size(), 65'536))};
    };
    return source;
  }

  void make_directory() {
    const std::string& path = some(directories_);
    change(with_parents({{path, {FileModel::kDirectory}}}), 1 + chance_.below(kRepetitions), [&] {
      return end_of(ask([&](FileClient& client, hotline::Deadline deadline) {
        return client.make_directory({.path = at(path), .parents = MissingParents::make}, deadline);
      }));
    });
  }

  void remove_file() {
    const std::string& path = some(files_);
    change({{path, {FileModel::kNothing}}}, 1 + chance_.below(kRepetitions), [&] {
      return end_of(ask([&](FileClient& client, hotline::Deadline deadline) {
        return client.remove({.path = at(path)}, deadline);
      }));
    });
  }

  void remove_tree() {
    const std::string& path = some(directories_);
    FileModel::Effects effects{{path, {FileModel::kNothing}}};
    for (const std::string& each : cut_.model.below(path)) {
      effects.push_back({each, {FileModel::kNothing}});
    }
    change_once(std::move(effects), [&] {
      const auto removed = ask([&](FileClient& client, hotline::Deadline deadline) {
        return client.remove({.path = at(path), .depth = hotline::FileDepth::tree}, deadline);
      });
      // A part may have been removed.
      return removed ? End::done : End::unknown;
    });
  }

  void move_file() { place(&CutCaller::ask_move); }
  void copy() { place(&CutCaller::ask_copy); }

  /// Gives what one name has to another one.
  void place(End (CutCaller::*request)(const std::string&, const std::string&)) {
    const std::string from = some(files_);
    const std::string to = some(files_);
    std::vector<State> states = cut_.model.states(from);
    std::erase(states, FileModel::kNothing);
    if (states.empty() || from == to) return;
    FileModel::Effects effects = with_parents({{to, std::move(states)}});
    if (request == &CutCaller::ask_move) effects.push_back({from, {FileModel::kNothing}});
    change_once(std::move(effects), [&] { return (this->*request)(from, to); });
  }

  End ask_move(const std::string& from, const std::string& to) {
    return end_of(ask([&](FileClient& client, hotline::Deadline deadline) {
      return client.move({.path = at(from),
                          .target = at(to),
                          .parents = MissingParents::make,
                          .replacement = {.on_exist = hotline::OnExist::replace}},
                         deadline);
    }));
  }

  End ask_copy(const std::string& from, const std::string& to) {
    return end_of(ask([&](FileClient& client, hotline::Deadline deadline) {
      return client.copy({.path = at(from),
                          .target = at(to),
                          .parents = MissingParents::make,
                          .replacement = {.on_exist = hotline::OnExist::replace}},
                         deadline);
    }));
  }

  void move_directory() {
    const std::string from = own_ + "/d";
    const std::string to = own_ + "/e";
    if (!cut_.model.may_be(from, FileModel::kDirectory)) return;
    FileModel::Effects effects{{from, {FileModel::kNothing}}, {to, {FileModel::kDirectory}}};
    for (const std::string& each : cut_.model.below(to)) {
      effects.push_back({each, cut_.model.states(from + each.substr(to.size()))});
    }
    for (const std::string& each : cut_.model.below(from)) {
      const std::string moved = to + each.substr(from.size());
      const auto is_moved = [&](const FileModel::Effect& effect) { return effect.path == moved; };
      const bool is_known = std::ranges::any_of(effects, is_moved);
      if (!is_known) effects.push_back({moved, cut_.model.states(each)});
      effects.push_back({each, {FileModel::kNothing}});
    }
    change_once(std::move(effects), [&] { return ask_move(from, to); });
  }

  // Looks.

  void get() {
    const std::string& path = some(files_);
    const auto got = ask([&](FileClient& client, hotline::Deadline deadline) {
      return client.get(at(path), std::size_t{8} << 20, deadline);
    });
    if (got && !cut_.model.may_be_file(path, *got)) {
      cut_.blame("a caller has got what was never put: " + path);
    }
    const bool is_missing = !got && got.error().is(FileErrorCode::not_found);
    if (is_missing && !cut_.model.may_be(path, FileModel::kNothing)) {
      cut_.blame("a caller does not find " + path);
    }
  }

  void list() {
    const auto listed = ask([&](FileClient& client, hotline::Deadline deadline) {
      return client.list({.path = at(own_), .depth = hotline::FileDepth::tree}, deadline);
    });
    if (!listed) return;
    std::set<std::string> names;
    for (const hotline::FileEntry& entry : *listed) {
      const std::string path = own_ + "/" + entry.path.text();
      names.insert(path);
      if (!may_be(path, entry.meta)) cut_.blame("a caller lists what was never made: " + path);
    }
    for (const std::string& each : cut_.model.below(own_)) {
      if (names.contains(each) || cut_.model.may_be(each, FileModel::kNothing)) continue;
      cut_.blame("a caller does not list " + each);
    }
  }

  bool may_be(const std::string& path, const hotline::FileMeta& meta) const {
    return std::ranges::any_of(cut_.model.states(path), [&](State state) {
      if (state <= FileModel::kDirectory) {
        return state == FileModel::kDirectory && meta.kind == FileKind::directory;
      }
      return meta.kind == FileKind::file && meta.size == cut_.model.content(state).size();
    });
  }

  void look_at_quota() {
    const auto quota =
        ask([](FileClient& client, hotline::Deadline deadline) { return client.quota(deadline); });
    if (!quota) return;
    if (quota->bytes_used > quota->bytes_max || quota->entries_used > quota->entries_max) {
      cut_.blame("more is used than the quota allows");
    }
  }

  const std::string& some(const std::vector<std::string>& names) {
    return names[static_cast<std::size_t>(chance_.below(names.size()))];
  }

  CutWorld& cut_;
  const std::string own_;  ///< The directory that no other caller changes.
  hotline::engine::Chance chance_;
  std::vector<std::string> files_{};
  std::vector<std::string> directories_{};
  std::optional<FileClient> client_{};
};

}  // namespace

void run_cut_caller(CutWorld& world, std::size_t number) { CutCaller(world, number).run(); }

}  // namespace simulation

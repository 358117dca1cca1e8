#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/stream_layer.h"
#include "hotline/services/files.h"
#include "support/files_client.h"
#include "support/loops.h"
#include "support/session_pair.h"
#include "support/temporary_directory.h"

namespace hotline::test {

/// A root of the service of files, on the disk, with the users `alice` and `bob`.
class FilesRoot {
 public:
  FilesRoot() {
    for (const char* each : {"", "/users"}) {
      ::mkdir((path() + each).c_str(), 0700);
      ::chmod((path() + each).c_str(), 0700);
    }
    set_user("alice", "");
    set_user("bob", "");
  }

  std::string path() const { return folder_.file("root"); }
  std::string home(const std::string& user, const std::string& name = {}) const {
    return path() + "/homes/" + user + "/" + name;
  }

  void set_user(const std::string& name, const std::string& text) const {
    std::ofstream(path() + "/users/" + name + ".toml") << text;
  }

  /// Returns the content of a published file; nullopt if there is none.
  std::optional<std::string> content(const std::string& user, const std::string& name) const {
    std::ifstream file(home(user, name), std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::size_t entry_count(const std::string& user) const {
    const std::filesystem::directory_iterator entries(home(user));
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

 private:
  TemporaryDirectory folder_;
};

/// A service of files on the loop of the test, and the sessions of its clients.
class ServedFiles {
 public:
  explicit ServedFiles(FilesOptions options = {}, const std::string& users_text = {}) {
    if (!users_text.empty()) root.set_user("alice", users_text);
    start(std::move(options));
  }

  /// Starts the server, again after finish().
  void start(FilesOptions options = {}) {
    options.root = root.path();
    options.counters = counters;
    auto made = files_handler(options);
    REQUIRE_MESSAGE(made, made.error().message());
    handler = *std::move(made);
    REQUIRE(tasks.emplace().spawn("files task", handler.task()));
    calls.emplace();
    client.emplace(connect("alice"));
  }

  /// Returns the session of a further connection, of which the server receives up to `cut` bytes.
  Session connect(const std::string& user, std::unique_ptr<StreamLayer> layer = nullptr) {
    auto [near, far] = connected_streams();
    Stream& stream = streams.emplace_back(std::move(far));
    if (layer) REQUIRE(stream.add_layer(std::move(layer)));
    REQUIRE(calls->spawn("files call", [this, &stream, user] {
      const Endpoint nowhere;
      const Identity identity{.name = user, .kind = Identity::Kind::key};
      try {
        handler.stream()(stream, CallInfo(nowhere, nowhere, &identity));
      } catch (const std::exception& thrown) {
        failures.push_back(thrown.what());
      }
      stream.close();
    }));
    return std::move(*Session::start(std::move(near), SessionRole::client,
                                     services::files_session_options(SessionRole::client)));
  }

  FileReceipt ask(const services::FileRequest& request) { return ask_files(*client, request); }
  FileReceipt put(PutFile request, std::string_view content) {
    return put_file(*client, std::move(request), content);
  }

  /// Waits until so many bytes of an upload of alice are kept.
  void wait_kept(const UploadKey& key, std::uint64_t bytes) {
    const auto is_it = [&](const UploadEntry& each) {
      return each.key == key && each.kept == bytes;
    };
    for (;;) {
      const FileReceipt receipt = ask(ListUploads{});
      if (std::ranges::any_of(receipt.last<services::UploadList>().entries, is_it)) return;
      REQUIRE(sleep_for(std::chrono::milliseconds(1)));
    }
  }

  /// Ends the clients' sessions, and the service.
  void finish() {
    if (client) CHECK(client->finish(deadline_after(std::chrono::seconds(10))));
    client.reset();
    REQUIRE(calls->join());
    tasks->drain();
    REQUIRE(tasks->join());
    calls.reset();
    tasks.reset();
    handler = Handler();
  }

  FilesRoot root{};
  std::shared_ptr<FilesCounters> counters = std::make_shared<FilesCounters>();
  std::vector<std::string> failures{};  ///< Why calls were cut.
  Handler handler{};
  std::list<Stream> streams{};
  std::optional<TaskGroup> tasks{};
  std::optional<TaskGroup> calls{};
  std::optional<Session> client{};  ///< That of alice.
};

/// Waits until a session has ended. Returns false if it goes on.
inline bool ends(Session& session) {
  const Deadline until = deadline_after(std::chrono::seconds(30));
  while (!until.has_passed(now())) {
    const auto opened =
        session.open({}, as_bytes(services::encode_file_request(GetQuota{})), until);
    if (!opened) return true;
    if (!sleep_for(std::chrono::milliseconds(5))) return false;
  }
  return false;
}

/// Runs `body` on each loop with such a service.
inline void served_files(const std::function<void(ServedFiles&)>& body,
                         const FilesOptions& options = {}, const std::string& users_text = {}) {
  on_each_loop([&](engine::EventLoop&) {
    ServedFiles server(options, users_text);
    body(server);
    server.finish();
  });
}

}  // namespace hotline::test

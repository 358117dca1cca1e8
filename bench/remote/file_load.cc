// file_load: a client of the service `files` that does what no command of the program does alone:
// it breaks transfers off, holds many connections, and measures single requests. bench/files runs
// it.

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../generator/clock.h"
#include "../generator/histogram.h"
#include "../trust/calling.h"
#include "hotline/hotline.h"
#include "need.h"

namespace bench {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
constexpr std::uint64_t kUploadBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kClientBytes = std::uint64_t{1} << 20;
constexpr int kWarmups = 20;
constexpr std::string_view kUsage =
    "usage: file_load CONDUCT KEYS ENDPOINT OPERAND\n"
    "  list PATH        all entries of a directory\n"
    "  cut-put FILE     puts half of a file, and kills itself\n"
    "  put FILE         puts a file, and says where and when it began\n"
    "  cut-get FILE     gets half of the file, which has that name here, and kills itself\n"
    "  get FILE         gets it, and says where and when it began\n"
    "  clients NUMBER   so many connections at once, each puts 1 MiB\n"
    "  idle NUMBER      so many connections that do nothing\n"
    "  busy NUMBER      so many connections that put files without end\n"
    "  latency NUMBER   lists the home so often, one after another\n"
    "KEYS: the directory of the keys for tls://, or empty\n";

struct Options {
  std::string conduct;
  std::string keys;
  std::string endpoint;
  std::string operand;
  int number = 0;
  Nanoseconds began = 0;
};

hotline::FileClient open(const Options& options) {
  auto stream = need(call_server(options.endpoint, options.keys));
  auto client = need(hotline::FileClient::open(std::move(stream)));
  if (const auto ready = client.session().wait_ready(); !ready) fail(ready.error().message());
  return client;
}

hotline::FilePath path_of(std::string_view text) {
  const auto path = hotline::FilePath::parse(text);
  if (!path) fail(hotline::describe(path.error()));
  return *path;
}

double seconds_since(Nanoseconds began) { return static_cast<double>(now() - began) / kSecond; }

// The most that this process has had in memory. That of getrusage(2) counts what the process was
// before it ran this program.
double peak_mb() {
  double kib = 0;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word && word != "VmHWM:";) {
  }
  status >> kib;
  return kib * 1024 / 1e6;
}

void say(std::string_view word) {
  std::printf("%.*s\n", static_cast<int>(word.size()), word.data());
  std::fflush(stdout);
}

void list(const Options& options) {
  auto client = open(options);
  const Nanoseconds began = now();
  double first = 0;
  std::size_t entries = 0;
  const hotline::ListDirectory request{.path = path_of(options.operand)};
  const auto listed = client.list(
      request,
      [&](std::span<const hotline::FileEntry> page, std::uint64_t) -> hotline::Result<void> {
        if (entries == 0) first = seconds_since(began);
        entries += page.size();
        return {};
      });
  if (!listed) fail(listed.error().message());
  std::printf("{\"entries\": %zu, \"first_ms\": %.3f, \"peak_MB\": %.1f}\n", entries, first * 1e3,
              peak_mb());
}

// Where a local file is, and what it is called.
struct LocalFile {
  explicit LocalFile(const std::string& path)
      : slash(path.rfind('/')),
        name(path.substr(slash + 1)),
        folder(slash == std::string::npos ? "." : path.substr(0, slash)),
        directory(need(hotline::Directory::open(folder))) {}

  std::size_t slash;
  std::string name;
  std::string folder;
  hotline::Directory directory;
};

// What a transfer says of its beginning, and, if it is to be cut, the end of this process.
class Watch {
 public:
  explicit Watch(const Options& options)
      : began_(options.began), is_cut_(options.conduct.starts_with("cut-")) {}

  void begin(std::uint64_t offset) { offset_ = offset; }

  void note(std::uint64_t done, std::uint64_t size) {
    if (first_s_ == 0 && done > offset_) first_s_ = seconds_since(began_);
    if (is_cut_ && done * 2 >= size) std::raise(SIGKILL);
  }

  void print() const {
    std::printf("{\"begin\": %llu, \"first_ms\": %.3f, \"seconds\": %.6f}\n",
                static_cast<unsigned long long>(offset_), first_s_ * 1e3, seconds_since(began_));
  }

 private:
  Nanoseconds began_;
  bool is_cut_;
  std::uint64_t offset_ = 0;
  double first_s_ = 0;
};

void put(const Options& options) {
  auto client = open(options);
  const LocalFile local(options.operand);
  Watch watch(options);
  auto upload = need(hotline::FileUpload::open(
      local.directory, local.name,
      {.path = path_of(local.name),
       .on_begin = [&](std::uint64_t offset) { watch.begin(offset); },
       .on_progress = [&](std::uint64_t done, std::uint64_t size) { watch.note(done, size); }}));
  need(upload.run(client));
  watch.print();
}

void get(const Options& options) {
  auto client = open(options);
  const LocalFile local(options.operand);
  Watch watch(options);
  hotline::FileDownload download(
      local.directory, local.name,
      {.path = path_of(local.name),
       .notes = local.folder + "/notes",
       .on_begin = [&](std::uint64_t offset) { watch.begin(offset); },
       .on_progress = [&](std::uint64_t done, std::uint64_t size) { watch.note(done, size); }});
  need(download.run(client));
  watch.print();
}

// A content of one piece, again and again.
hotline::ContentSource repeated(const std::vector<std::byte>& piece, std::uint64_t size) {
  return {.next = [&piece, size](std::uint64_t offset) -> hotline::Result<hotline::ContentPiece> {
    const std::uint64_t left = size - offset;
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
    return hotline::ContentPiece{.bytes = hotline::Bytes(piece).first(length)};
  }};
}

std::vector<std::byte> random_piece() {
  std::vector<std::byte> piece(kPieceBytes);
  hotline::random_bytes(piece);
  return piece;
}

hotline::PutFile request_of(int number, std::uint64_t size) {
  return {.path = path_of("client-" + std::to_string(number)),
          .size = size,
          .replacement = {.on_exist = hotline::OnExist::replace}};
}

template <typename Body>
void spawn(hotline::TaskGroup& group, Body body) {
  if (const auto spawned = group.spawn("client", std::move(body)); !spawned) {
    fail(spawned.error().message());
  }
}

void run_clients(const Options& options) {
  const auto piece = random_piece();
  std::vector<double> times;
  hotline::TaskGroup clients;
  const Nanoseconds began = now();
  for (int i = 0; i < options.number; ++i) {
    spawn(clients, [&, i] {
      auto client = open(options);
      need(client.put(request_of(i, kClientBytes), repeated(piece, kClientBytes)));
      times.push_back(seconds_since(began));
    });
  }
  if (const auto joined = clients.join(); !joined) fail(joined.error().message());
  std::printf("{\"fastest_s\": %.6f, \"slowest_s\": %.6f}\n", times.front(), times.back());
}

[[noreturn]] void wait_for_the_end() {
  for (;;) hotline::discard(hotline::sleep_for(std::chrono::hours(1)));
}

void be_idle(const Options& options) {
  std::vector<hotline::FileClient> clients;
  for (int i = 0; i < options.number; ++i) {
    clients.push_back(open(options));
    need(clients.back().quota());
  }
  say("idle");
  wait_for_the_end();
}

void be_busy(const Options& options) {
  const auto piece = random_piece();
  hotline::TaskGroup clients;
  int begun = 0;
  for (int i = 0; i < options.number; ++i) {
    spawn(clients, [&, i] {
      auto client = open(options);
      auto source = repeated(piece, kUploadBytes);
      source.on_begin = [&, is_first = true](std::uint64_t) mutable {
        if (std::exchange(is_first, false) && ++begun == options.number) say("busy");
      };
      for (;;) need(client.put(request_of(i, kUploadBytes), source));
    });
  }
  hotline::discard(clients.join());
}

void measure_latency(const Options& options) {
  auto client = open(options);
  Histogram times;
  for (int i = -kWarmups; i < options.number; ++i) {
    if (i == 0) times.clear();
    const Nanoseconds began = now();
    need(client.list({}));
    times.record(now() - began, 1);
  }
  const auto ms = [&](double part) { return static_cast<double>(times.percentile(part)) / 1e6; };
  std::printf("{\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}\n", ms(0.5), ms(0.99), ms(1));
}

struct Conduct {
  std::string_view name;
  void (*run)(const Options&);
  bool has_number = false;
};

constexpr Conduct kConducts[] = {{"list", list},
                                 {"cut-put", put},
                                 {"put", put},
                                 {"cut-get", get},
                                 {"get", get},
                                 {"clients", run_clients, true},
                                 {"idle", be_idle, true},
                                 {"busy", be_busy, true},
                                 {"latency", measure_latency, true}};

const Conduct* find_conduct(int count, char** words, Options& options) {
  if (count != 5) return nullptr;
  options = {.conduct = words[1], .keys = words[2], .endpoint = words[3], .operand = words[4]};
  for (const Conduct& each : kConducts) {
    if (each.name != options.conduct) continue;
    if (!each.has_number) return &each;
    const char* end = words[4] + std::strlen(words[4]);
    const bool is_number = std::from_chars(words[4], end, options.number).ptr == end;
    return is_number && options.number > 0 ? &each : nullptr;
  }
  return nullptr;
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  bench::Options options;
  const bench::Conduct* const conduct = bench::find_conduct(count, words, options);
  if (conduct == nullptr) {
    std::fputs(bench::kUsage.data(), stderr);
    return 2;
  }
  options.began = bench::now();
  // On a fiber: the sessions then have fibers too, and no threads.
  hotline::TaskGroup group;
  if (!group.spawn("load", [&] { conduct->run(options); }) || !group.join()) return 1;
  return 0;
}

#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/hex.h"
#include "services/block_hashes.h"
#include "services/file_home.h"
#include "support/file_samples.h"
#include "support/temporary_directory.h"

// Homes of the file service in the real file system.

namespace hotline::test {

inline Directory open_test_directory(const std::string& path) {
  std::filesystem::create_directories(path);
  return Directory::open(path).value();
}

inline void write_test_file(const std::string& path, std::string_view content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

inline std::string read_test_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Returns how many names are in a directory.
inline std::size_t count_names(const std::string& path) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
}

/// Makes `count` directories of one name, each in the one before it, below the directory `path`.
/// Their path may be longer than the kernel takes.
inline void make_deep_directory(const std::string& path, const std::string& name, int count) {
  std::filesystem::create_directories(path);
  Directory directory = Directory::open(path).value();
  for (int i = 0; i < count; ++i) {
    REQUIRE(directory.make_directory(name, 0700));
    directory = directory.open_beneath(name).value();
  }
}

inline std::string hex_of(const UploadKey& key) { return to_hex(key); }

/// The home of one user in a directory that is removed at the end.
struct TestHome {
  explicit TestHome(services::FileUsage limits = {kNoQuota, kNoQuota},
                    services::UploadTable::Limits uploads = {}) {
    // Without waits for the disk, except where a test is about them.
    options.durability = services::FileDurability::none;
    user.name = "alice";
    user.limits = limits;
    options.uploads = uploads;
    restart();
  }

  /// Does what a server does that was killed and started again.
  void restart() {
    home.reset();
    home = std::make_unique<services::FileHome>(
        std::make_shared<services::FileTree>(open_test_directory(path()), options.durability),
        open_test_directory(staging()), user, options);
    REQUIRE(home->recount());
    REQUIRE(home->load());
  }

  std::string path(std::string_view name = {}) const {
    return directory.path() + "/home" + (name.empty() ? "" : "/" + std::string(name));
  }
  std::string staging() const { return directory.path() + "/staging"; }

  services::FileHome* operator->() const { return home.get(); }

  TemporaryDirectory directory{};
  services::FileUser user{};
  services::FileHome::Options options{};
  std::unique_ptr<services::FileHome> home{};
};

/// Writes `content` from `from` on, and confirms its blocks.
inline services::FileOutcome<void> send_content(services::UploadHold& upload,
                                                std::string_view content, std::uint64_t from = 0) {
  for (std::uint64_t at = from; at < content.size(); at += kFileBlockBytes) {
    const Bytes block = as_bytes(content.substr(at, kFileBlockBytes));
    if (auto written = upload.write(at, block); !written) return written;
    const services::BlockList list{.first = at / kFileBlockBytes,
                                   .hashes = {services::hash_of(block)}};
    if (auto confirmed = upload.confirm(list); !confirmed) return confirmed;
  }
  return {};
}

/// Does a whole PUT.
inline services::FileOutcome<FileVersion> put_content(services::FileHome& home,
                                                      const PutFile& request,
                                                      std::string_view content) {
  auto begun = home.put(request);
  if (!begun) return std::unexpected(begun.error());
  if (const auto* version = std::get_if<FileVersion>(&*begun)) return *version;
  auto& upload = std::get<services::UploadHold>(*begun);
  if (auto sent = send_content(upload, content, upload.kept()); !sent) {
    return std::unexpected(sent.error());
  }
  auto published = upload.publish(content.size());
  upload.leave();
  return published;
}

/// Stores a new file by FILE, or replaces one.
inline services::FileOutcome<FileVersion> store_content(services::FileHome& home,
                                                        std::string_view path,
                                                        std::string_view content) {
  return home.store({.path = file_path(path),
                     .parents = MissingParents::make,
                     .replacement = {.on_exist = OnExist::replace},
                     .root = services::root_of(as_bytes(content)),
                     .content = std::string(content)});
}

/// Returns the code of a failure; nullopt for a success.
template <typename T>
std::optional<FileErrorCode> code_of(const services::FileOutcome<T>& outcome) {
  return outcome ? std::nullopt : std::optional(outcome.error().code);
}

}  // namespace hotline::test

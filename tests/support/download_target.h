#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "hotline/services/file_download.h"
#include "support/served_file.h"
#include "support/temporary_directory.h"

namespace hotline::test {

/// What a server does with a request.
using ServeFile = std::function<void(ServedFile&)>;

/// A directory into which a file `a` is downloaded.
struct DownloadTarget {
  FileDownloadOptions options() const {
    return {.path = file_path("a"),
            .durability = FileDownloadOptions::Durability::none,
            .notes = place.path() + "/notes"};
  }
  FileDownload download() const { return {directory, "a", options()}; }

  std::string read(std::string_view name) const {
    auto file = directory.open_file(name);
    if (!file) return "absent";
    std::string content(static_cast<std::size_t>(file->status()->size), '\0');
    REQUIRE(file->read_at(0, as_writable_bytes(content)).value() == content.size());
    return content;
  }

  /// Returns the names in the directory, without the one of the notes.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    auto entries = directory.entries();
    REQUIRE(entries);
    const auto listed = entries->next(100);
    REQUIRE(listed);
    for (const DirectoryEntry& each : *listed) {
      if (each.name != "notes") all.push_back(each.name);
    }
    return all;
  }

  TemporaryDirectory place{};
  Directory directory = Directory::open(place.path()).value();
};

/// Runs the download from a server that serves one request after another.
inline FileResult<FileMeta> download_from(FileDownload& download,
                                          const std::vector<ServeFile>& serves) {
  FilePair pair;
  FileResult<FileMeta> got;
  Event has_come;
  together(
      [&] {
        got = download.run(pair.client);
        has_come.set();
      },
      [&] {
        std::vector<ServedFile> all;
        for (const ServeFile& serve : serves) serve(all.emplace_back(pair.server));
        discard(has_come.wait());
      });
  return got;
}

/// Sends the first block, and then nothing more.
inline ServeFile first_block_of(std::string_view content) {
  return [content](ServedFile& served) {
    served.send(services::MetaReply{.meta = meta_of(content)});
    services::ContentSender sender({.begin = 0});
    const std::size_t step = services::kContentDataMax;
    for (std::size_t from = 0; from <= kFileBlockBytes; from += step) {
      const std::string_view piece = content.substr(from, step);
      served.write(sender.begin_data(as_bytes(piece)));
      served.write(piece);
    }
    served.answer(FileError{.code = FileErrorCode::draining, .is_retryable = true});
  };
}

inline ServeFile rest_of(std::string_view content, std::uint64_t offset) {
  return [content, offset](ServedFile& served) {
    CHECK(served.get<GetFile>().offset == offset);
    CHECK(served.get<GetFile>().version == sample_version());
    served.send_file(content, meta_of(content));
  };
}

inline ServeFile hashes_of(std::string_view content) {
  return [content](ServedFile& served) {
    const auto& asked = served.get<GetHashes>();
    CHECK(asked.version == sample_version());
    services::BlockList list{.first = asked.first};
    for (std::size_t i = 0; i < asked.count; ++i) {
      const auto block = content.substr((asked.first + i) * kFileBlockBytes, kFileBlockBytes);
      list.hashes.push_back(services::hash_of(as_bytes(block)));
    }
    served.answer(list);
  };
}

}  // namespace hotline::test

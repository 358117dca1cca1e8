#include "services/file_fetch.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace hotline::services {
namespace {

constexpr std::array<std::byte, 65'536> kFetchZeros{};

}  // namespace

FileFetch::FileFetch(FileCall& call, const GetFile& request, const ContentSink& sink)
    : call_(call), sink_(sink), digest_(request.digest) {}

FileResult<FileMeta> FileFetch::run(Deadline deadline) {
  while (call_.proof().state() == FileProof::State::open) {
    if (auto taken = take_next(deadline); !taken) return std::unexpected(std::move(taken.error()));
  }
  if (call_.proof().state() == FileProof::State::digest_wanted) {
    if (!call_.proof().take_digest(digest_.finish())) {
      return std::unexpected(call_.proven_failure());
    }
  }
  if (auto ended = call_.finish(deadline); !ended) {
    return std::unexpected(std::move(ended.error()));
  }
  return meta_;
}

FileResult<void> FileFetch::take_next(Deadline deadline) {
  const auto flow = call_.stream().wait_any(deadline);
  if (!flow) return std::unexpected(call_.failure_of(flow.error()));
  return *flow == kMessageFlow ? take_message(deadline) : take_content(deadline);
}

FileResult<void> FileFetch::take_message(Deadline deadline) {
  auto reply = call_.receive(deadline);
  if (!reply) return std::unexpected(std::move(reply.error()));
  const auto* small = std::get_if<SmallFileReply>(&*reply);
  const auto* large = std::get_if<MetaReply>(&*reply);
  if (small == nullptr && large == nullptr) return {};
  meta_ = small != nullptr ? small->meta : large->meta;
  if (sink_.on_begin) {
    if (auto begun = sink_.on_begin(meta_); !begun) return fail(std::move(begun.error()));
  }
  if (small == nullptr || small->content.empty()) return {};
  if (auto passed = pass_data(0, as_bytes(small->content)); !passed) {
    return fail(std::move(passed.error()));
  }
  return {};
}

FileResult<void> FileFetch::take_content(Deadline deadline) {
  const auto bytes = call_.stream().read(kContentFlow, deadline);
  if (!bytes) return std::unexpected(call_.failure_of(bytes.error()));
  if (bytes->empty()) return end_content();
  Bytes input = *bytes;
  while (!input.empty()) {
    const auto event = call_.proof().take_content(input);
    if (!event) return std::unexpected(call_.proven_failure());
    if (auto passed = pass(*event); !passed) return fail(std::move(passed.error()));
  }
  return {};
}

FileResult<void> FileFetch::end_content() {
  const FlowEnd end = call_.stream().flow_end(kContentFlow).value_or(FlowEnd());
  if (call_.proof().take_content_end(end.total, as_bytes(end.trailer))) return {};
  return std::unexpected(call_.proven_failure());
}

Result<void> FileFetch::pass(const ContentEvent& event) {
  if (const auto* data = std::get_if<ContentData>(&event)) {
    return pass_data(data->offset, data->bytes);
  }
  if (const auto* hole = std::get_if<ContentHole>(&event)) {
    return pass_zeros(hole->offset, hole->length);
  }
  const auto* blocks = std::get_if<BlockList>(&event);
  if (blocks != nullptr && sink_.on_blocks) return sink_.on_blocks(blocks->first, blocks->hashes);
  return {};
}

Result<void> FileFetch::pass_data(std::uint64_t offset, Bytes bytes) {
  digest_.add(bytes);
  return sink_.on_data ? sink_.on_data(offset, bytes) : Result<void>();
}

Result<void> FileFetch::pass_zeros(std::uint64_t offset, std::uint64_t length) {
  if (sink_.on_hole) {
    digest_.add_zeros(length);
    return sink_.on_hole(offset, length);
  }
  while (length > 0) {
    const auto piece = std::min<std::uint64_t>(length, kFetchZeros.size());
    const Bytes zeros = Bytes(kFetchZeros).first(static_cast<std::size_t>(piece));
    if (auto passed = pass_data(offset, zeros); !passed) return passed;
    offset += piece;
    length -= piece;
  }
  return {};
}

}  // namespace hotline::services

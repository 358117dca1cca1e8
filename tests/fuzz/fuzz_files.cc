#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/services/file_path.h"
#include "services/content_proof.h"
#include "services/content_sender.h"
#include "services/file_client_rules.h"
#include "services/file_proof.h"
#include "services/file_reply.h"
#include "services/file_request.h"
#include "support/fuzz_input.h"

// The first byte chooses what the others are. Any bytes are a path, a request or a message, or are
// refused with a text; what is accepted is encoded as it came. Content means the same in whatever
// pieces it arrives. A sender sends a file, and the input chooses what is lost, repeated, changed
// or moved on the way: content that is proven is what was sent, and without such a change it is
// proven. Each end sends what it likes, and the other takes only what the rules allow.

namespace {

using namespace hotline;
using namespace hotline::services;
using test::Input;
using test::require;
using test::require_text;

void check_path(Bytes bytes) {
  const auto parsed = FilePath::parse(as_text(bytes));
  if (!parsed) return require_text(describe(parsed.error()));
  require(parsed->text() == as_text(bytes), "a path keeps its bytes");
  require(parsed->depth() <= FilePath::kDepthMax, "a path is not deep");
  const std::string within = "/" + parsed->text() + "/";
  require(!within.contains("/../") && !within.contains("/./"), "a path leads downwards");
  require(parsed->is_home() || !within.contains("//"), "a path has no empty component");
  require(parsed->parent().contains(*parsed), "a parent contains its path");
  require(FilePath::parse(parsed->parent().text()).has_value(), "a parent is a path");
  require(parsed->leaf().size() <= FilePath::kComponentMax, "a leaf is short");
  require(!parsed->leaf().contains('/'), "a leaf has no slash");
  static_cast<void>(fault_in_new_name(parsed->leaf()));
}

void check_request(Bytes bytes) {
  for (const SessionFlows flows : {SessionFlows{0, 0}, {1, 0}, {0, 1}}) {
    const auto request = decode_file_request(bytes, flows);
    if (!request) {
      require_text(request.error().text);
      continue;
    }
    require(flows == flows_of(kind_of(*request)), "a request has its flows");
    require(encode_file_request(*request) == as_text(bytes), "a request is encoded as it came");
  }
}

void check_reply(Bytes bytes) {
  if (bytes.empty()) return;
  const auto type = static_cast<std::uint8_t>(0x40 + std::to_integer<unsigned>(bytes[0]) % 11);
  const Bytes payload = bytes.subspan(1);
  if (const auto hashes = decode_hashes(type, 0, payload)) {
    return require(encode_hashes(*hashes) == as_text(payload), "HASHES is encoded as it came");
  }
  const auto reply = decode_file_reply(type, 0, payload);
  if (!reply) return require_text(reply.error().text);
  require(static_cast<std::uint8_t>(type_of(*reply)) == type, "a message has its type");
  require(encode_file_reply(*reply) == as_text(payload), "a message is encoded as it came");
}

/// Content with its zeros counted, so that a hole and zeros that were sent are the same.
class Content {
 public:
  void add(Bytes bytes) {
    for (const char c : as_text(bytes)) {
      if (c == '\0') {
        ++zeros_;
      } else {
        flush();
        text_ += c;
      }
    }
  }

  void add_zeros(std::uint64_t count) { zeros_ += count; }

  std::string text() {
    flush();
    return text_;
  }

 private:
  void flush() {
    if (zeros_ == 0) return;
    text_.append(1, '\0').append(std::to_string(zeros_)).append(1, '\0');
    zeros_ = 0;
  }

  std::string text_{};
  std::uint64_t zeros_ = 0;
};

/// Passes `flow` on in pieces that the input chooses. Returns false at the first fault.
template <typename Take>
bool pass(std::string_view flow, Input& input, Take take) {
  while (!flow.empty()) {
    const std::string_view piece = flow.substr(0, 1 + 3 * input.number(64));
    flow.remove_prefix(piece.size());
    Bytes bytes = as_bytes(piece);
    while (true) {
      const auto event = take(bytes);
      if (!event) return false;
      if (std::holds_alternative<std::monostate>(*event)) break;
    }
    require(bytes.empty(), "all bytes are taken");
  }
  return true;
}

/// Returns what a reader says, and its fault.
std::string reading_of(std::string_view flow, Input input) {
  ContentReader reader;
  std::string said;
  std::uint64_t data_end = 0;
  pass(flow, input, [&](Bytes& bytes) {
    auto event = reader.take(bytes);
    if (!event) {
      require_text(event.error().text);
      said += event.error().text;
    } else if (const auto* data = std::get_if<ContentData>(&*event)) {
      // The pieces of a DATA follow one another, and so may the next DATA.
      if (data->offset != data_end || said.empty()) said += "@" + std::to_string(data->offset);
      said += as_text(data->bytes);
      data_end = data->offset + data->bytes.size();
    } else if (event->index() != 0) {
      said += "#" + std::to_string(event->index());
    }
    return event;
  });
  return said + (reader.is_within_record() ? "|" : "");
}

void check_reader(Bytes bytes) {
  // An empty input makes pieces of one byte.
  const std::string bytewise = reading_of(as_text(bytes), Input(Bytes{}));
  const std::string pieces = reading_of(as_text(bytes), Input(bytes));
  require(bytewise == pieces, "content means the same in any pieces");
}

/// A file, as its sender has it, and the records that were sent.
struct Sent {
  Content content{};
  std::vector<std::string> records{};
  std::uint64_t size = 0;

  explicit Sent(Input& input) {
    ContentSender sender({});
    for (unsigned i = input.number(5); i > 0; --i) {
      if (input.number(3) == 0) {
        const std::uint64_t blocks = input.number(16) == 1 ? input.number(4) : 0;
        const std::uint64_t zeros = blocks * kFileBlockBytes + 1 + input.number(255);
        content.add_zeros(zeros);
        records.push_back(sender.hole(zeros));
      } else {
        const std::string piece = input.text(1 + input.number(16));
        if (piece.empty()) break;
        content.add(as_bytes(piece));
        records.push_back(sender.begin_data(as_bytes(piece)) + piece);
      }
    }
    size = sender.position();
    records.push_back(sender.end({.size = size}));
  }

  std::string flow() const {
    std::string flow;
    for (const std::string& each : records) flow += each;
    return flow;
  }
};

/// Loses, repeats, changes or moves a record.
void change(std::vector<std::string>& records, Input& input) {
  if (records.empty()) return;
  const std::size_t at = input.number(static_cast<unsigned>(records.size()));
  const auto place = records.begin() + static_cast<std::ptrdiff_t>(at);
  switch (input.number(5)) {
    case 0: records.erase(place); return;
    case 1: records.insert(place, std::string(*place)); return;
    case 2: std::swap(*place, records[input.number(static_cast<unsigned>(records.size()))]); return;
    case 3: place->resize(input.number(static_cast<unsigned>(place->size() + 1))); return;
    default: break;
  }
  if (place->empty()) return;
  (*place)[input.number(static_cast<unsigned>(place->size()))] ^=
      static_cast<char>(1 + input.number(255));
}

void check_transfer(Input input) {
  Sent sent(input);
  const std::string before = sent.flow();
  for (unsigned i = input.number(3); i > 0; --i) change(sent.records, input);
  const std::string flow = sent.flow();
  const std::uint64_t known = input.number(2) == 0 ? sent.size : kFileSizeUnknown;
  ContentProof proof({.stop = known, .size = known});
  Content received;
  const bool is_taken = pass(flow, input, [&](Bytes& bytes) {
    auto event = proof.take(bytes);
    if (!event) {
      require_text(event.error().fault.text);
    } else if (const auto* data = std::get_if<ContentData>(&*event)) {
      received.add(data->bytes);
    } else if (const auto* hole = std::get_if<ContentHole>(&*event)) {
      received.add_zeros(hole->length);
    }
    require(proof.confirmed() <= proof.position(), "what is good has arrived");
    require(proof.state() != ContentProof::State::proven, "END alone proves nothing");
    return event;
  });
  const bool is_proven = is_taken && proof.take_flow_end(flow.size(), {}).has_value();
  require(is_proven == (proof.state() == ContentProof::State::proven), "state and result");
  require(is_proven || flow != before, "unchanged content is proven");
  if (!is_proven) return;
  require(proof.position() == sent.size && proof.confirmed() == sent.size, "proven to its end");
  require(received.text() == sent.content.text(), "proven content is what was sent");
}

/// A client that sends what it likes with a PUT.
void check_client(Input input) {
  PutFile upload{.size = input.number(2) == 0 ? kFileSizeUnknown : input.number(40)};
  FileClientRules rules{FileRequest(upload)};
  bool is_kept = false;
  bool is_asked = false;
  bool has_content = false;
  bool has_ended = false;
  while (!input.is_empty()) {
    switch (input.number(6)) {
      case 0:
        if (!is_kept) rules.note_kept(std::vector<BlockHash>(input.number(3)));
        is_kept = true;
        break;
      case 1: rules.note_hashes_answered(), is_asked = false; break;
      case 2:
        if (input.number(4) == 0) rules.note_ended(), has_ended = true;
        break;
      case 3: {
        const BlockRange range{.first = input.number(4), .count = 1};
        const auto taken = rules.take_message(0x44, 0, as_bytes(encode_hashes(range)));
        if (!taken) {
          require_text(taken.error().text);
          break;
        }
        require(taken->has_value() != has_ended, "what crosses the end is dropped");
        require(has_ended || (is_kept && !is_asked && !has_content), "HASHES in its place");
        is_asked = is_asked || !has_ended;
        break;
      }
      default: {
        const Sent sent(input);
        const std::string bytes =
            input.number(2) == 0 ? sent.flow() : input.text(1 + input.number(20));
        Bytes left = as_bytes(bytes);
        const auto event = rules.take_content(left);
        if (!event || bytes.empty()) break;
        require(has_ended || (is_kept && !is_asked), "content in its place");
        has_content = true;
      }
    }
    require(!rules.is_proven(), "no upload is proven before its flow has ended");
  }
  const auto ended = rules.take_content_end(0, {});
  require(!ended || has_ended || !rules.is_proven(), "an empty flow proves nothing");
}

std::string reply_of(Input& input, std::uint8_t& type) {
  FileReply reply = DoneReply{};
  switch (input.number(8)) {
    case 0: reply = MetaReply{.meta = {.size = input.number(8)}}; break;
    case 1: {
      const std::string content = input.text(input.number(8));
      reply = SmallFileReply{
          .meta = {.size = content.size()}, .root = root_of(as_bytes(content)), .content = content};
      break;
    }
    case 2: reply = FilePage{.is_last = true}; break;
    case 3: reply = KeptReply{.offset = input.number(2) * kFileBlockBytes}; break;
    case 4: reply = BlockList{.hashes = std::vector<BlockHash>(input.number(3))}; break;
    case 5: reply = FileError{.code = static_cast<FileErrorCode>(1 + input.number(30))}; break;
    case 6: reply = FileQuota{}; break;
    default: {
      FileVersion version;
      version.bytes[0] = static_cast<std::byte>(input.number(2));
      reply = DoneReply{version};
    }
  }
  type = static_cast<std::uint8_t>(type_of(reply));
  return encode_file_reply(reply);
}

FileRequest request_of(Input& input) {
  const PutFile upload{.size = kFileBlockBytes, .key = {std::byte{1}}};
  const FileRequest requests[] = {GetFile{},  upload,      ListDirectory{},
                                  StatFile{}, GetHashes{}, MakeDirectory{}};
  return requests[input.number(6)];
}

/// A server that replies what it likes.
void check_server(Input input) {
  const FileRequest request = request_of(input);
  FileProof proof(request, {});
  bool has_kept = false;
  bool is_sent = false;
  bool was_proven = false;
  while (!input.is_empty()) {
    switch (input.number(7)) {
      case 0: proof.note_content_sent(), is_sent = true; break;
      case 1: discard(proof.take_stream_end()); break;
      case 2: {
        Sent sent(input);
        const std::string flow = sent.flow();
        Bytes bytes = as_bytes(flow);
        discard(proof.take_content(bytes));
        break;
      }
      case 3: discard(proof.take_content_end(input.number(40), {})); break;
      case 4:
        if (input.number(8) == 0) discard(proof.take_cut());
        break;
      default: {
        std::uint8_t type = 0;
        const std::string payload = reply_of(input, type);
        const auto reply = proof.take_message(type, 0, as_bytes(payload));
        const bool is_done = reply && std::holds_alternative<DoneReply>(*reply);
        require(!is_done || !was_proven, "a request is done once");
        has_kept = has_kept || (reply && std::holds_alternative<KeptReply>(*reply));
        require(!is_done || !has_kept || is_sent, "no upload is done before it was sent");
      }
    }
    const bool is_proven = proof.state() == FileProof::State::proven;
    require(is_proven == proof.result().has_value(), "state and result");
    require(!was_proven || is_proven || proof.state() == FileProof::State::refuted,
            "what is proven stays so, or is refuted");
    require((proof.state() == FileProof::State::failed) <= proof.server_error().has_value(),
            "an error of the server is there");
    was_proven = is_proven;
  }
  const auto result = proof.result();
  if (!result) require_text(result.error().detail);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes input = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 7) {
    case 0: check_path(input); break;
    case 1: check_request(input); break;
    case 2: check_reply(input); break;
    case 3: check_reader(input); break;
    case 4: check_transfer(Input(input)); break;
    case 5: check_client(Input(input)); break;
    default: check_server(Input(input));
  }
  return 0;
}

#include "auth/key_file.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "hotline/core/ascii.h"

namespace hotline::auth {
namespace {

constexpr char kReadFile[] = "read";
constexpr std::string_view kMagic = "hotline-keys-";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kEnd = "end ";
constexpr std::string_view kTimeForm = "0000-00-00T00:00:00Z";
constexpr std::size_t kRecordBytesMax = Key::kLineBytesMax + kTimeForm.size() + 2;

static_assert(KeyFile::kKeysMax * kRecordBytesMax + 128 < KeyFile::kBytesMax);

bool is_time(std::string_view text) {
  return std::ranges::equal(text, kTimeForm, [](char c, char form) {
    return is_ascii_digit(form) ? is_ascii_digit(c) : c == form;
  });
}

/// Returns the text up to the next blank and drops both from `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

/// Reads a file line by line.
class Parser {
 public:
  Parser(std::string_view content, KeyList list, const std::string& path)
      : rest_(content), path_(path) {
    file_.list = list;
  }

  Result<KeyFile> parse() {
    if (auto taken = take_header(); !taken) return fail(std::move(taken.error()));
    for (;;) {
      const auto line = next_line();
      if (!line) return fail(line.error());
      if (line->starts_with(kEnd)) return finish(line->substr(kEnd.size()));
      if (auto taken = take_record(*line); !taken) return fail(std::move(taken.error()));
    }
  }

 private:
  std::unexpected<Error> refuse(std::string detail,
                                std::string advice =
                                    "restore the file from a copy, or move it "
                                    "away and make its keys anew",
                                ErrorKind kind = ErrorKind::invalid_argument) const {
    return fail(make_error(kind, kReadFile, path_ + ":" + std::to_string(line_), std::move(detail),
                           std::move(advice)));
  }

  Result<std::string_view> next_line() {
    ++line_;
    const std::size_t end = rest_.find('\n');
    if (end == rest_.npos) return refuse("the file is cut off here");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  Result<void> take_header() {
    const auto line = next_line();
    if (!line) return fail(line.error());
    std::string_view words = *line;
    std::string_view magic = take_word(words);
    if (!magic.starts_with(kMagic)) return refuse("this is not a file of keys");
    magic.remove_prefix(kMagic.size());
    if (magic != kVersion) {
      return refuse(
          "the file is of version " + escape(as_bytes(magic), 16) + ", and version 1 is known here",
          "use the version of the program that wrote it", ErrorKind::unsupported);
    }
    if (take_word(words) != name_of(file_.list)) {
      return refuse("this is not the list of " + std::string(name_of(file_.list)));
    }
    return take_server_id(words);
  }

  Result<void> take_server_id(std::string_view words) {
    const bool is_right = file_.list == KeyList::callers ? Key::is_server_id(words) : words.empty();
    if (!is_right) return refuse("what follows the name of the list is wrong");
    file_.server_id = words;
    return {};
  }

  Result<void> take_record(std::string_view line) {
    if (file_.records.size() == KeyFile::kKeysMax) return refuse("there are more than 10000 keys");
    auto key = Key::parse(take_word(line));
    if (!key) return refuse(key.error().detail, key.error().hint(), key.error().kind);
    if (!is_time(line)) return refuse("the time after the key is wrong");
    if (file_.list == KeyList::callers && key->server_id != file_.server_id) {
      return refuse("the key '" + key->name + "' is for another server");
    }
    if (!seen_.emplace(key->server_id, key->name).second) {
      return refuse("the key '" + key->name + "' is there twice", "remove one of the two lines");
    }
    file_.records.push_back({file_.list, *std::move(key), std::string(line)});
    return {};
  }

  Result<KeyFile> finish(std::string_view count) {
    if (count != std::to_string(file_.records.size())) {
      return refuse("the last line does not say " + std::to_string(file_.records.size()) +
                        ", the number of keys",
                    "if you changed the file, change the number too; otherwise keys are missing");
    }
    ++line_;
    if (!rest_.empty()) return refuse("there is more after the last line");
    return std::move(file_);
  }

  std::string_view rest_;
  const std::string& path_;
  std::size_t line_ = 0;
  KeyFile file_;
  std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace

Result<KeyFile> KeyFile::parse(Bytes content, KeyList list, const std::string& path) {
  return Parser(as_text(content), list, path).parse();
}

Secret KeyFile::format() const {
  std::string text;
  // It must not move and leave copies of the secrets behind.
  text.reserve(128 + records.size() * kRecordBytesMax);
  text.append(kMagic).append(kVersion).append(" ").append(name_of(list));
  if (!server_id.empty()) text.append(" ").append(server_id);
  text += '\n';
  for (const KeyRecord& each : records) {
    text.append(as_text(each.key.to_line().bytes())).append(" ").append(each.created) += '\n';
  }
  text.append(kEnd).append(std::to_string(records.size())) += '\n';
  Secret content(as_bytes(text));
  wipe(std::as_writable_bytes(std::span(text)));
  return content;
}

}  // namespace hotline::auth

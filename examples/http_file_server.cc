// Files over HTTP/1.1: answers GET with the regular files below a directory, and with nothing else:
// no links, no way out. Stream::send_file sends them without a copy.
//
//   http_file_server [DIRECTORY [ENDPOINT [WORD]]]      default . tcp://127.0.0.1:8000 loops
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <iostream>
#include <optional>
#include <string>

#include "hotline/hotline.h"

using namespace hotline;

struct Request {
  std::string method;
  std::string path;  // Below the directory.
  bool is_last = false;
};

// Returns what a target names: without its first '/', its query, and with its %XX decoded.
std::optional<std::string> path_of(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find('?'));
  std::string path;
  for (std::size_t i = 1; i < target.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(target[i]);
    if (byte == '%') {
      const std::string_view digits = target.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(digits.begin(), digits.end(), byte, 16);
      if (digits.size() < 2 || error != std::errc() || end != digits.end()) return std::nullopt;
      i += 2;
    }
    path += static_cast<char>(byte);
  }
  return path;
}

bool has_controls(std::string_view line) {
  return std::ranges::any_of(
      line, [](unsigned char byte) { return (byte < ' ' && byte != '\t') || byte == 0x7f; });
}

// Returns the fields in capitals, without spaces and tabs. Returns nothing if another reader could
// find other fields, or content, which is not read here: it would be taken for the next request.
std::optional<std::string> plain_fields(std::string_view lines) {
  std::string plain = "\r\n";
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    const std::string_view name = line.substr(0, line.find(':'));
    if (name.empty() || name == line || name.find_first_of(" \t") != name.npos) return std::nullopt;
    if (has_controls(line)) return std::nullopt;
    plain += std::string(line) + "\r\n";
    lines.remove_prefix(line.size() + 2);
  }
  to_upper(std::as_writable_bytes(std::span(plain)));
  std::erase_if(plain, [](char byte) { return byte == ' ' || byte == '\t'; });
  const bool has_content =
      plain.contains("\r\nCONTENT-LENGTH:") || plain.contains("\r\nTRANSFER-ENCODING:");
  return has_content ? std::nullopt : std::optional(plain);
}

// Takes a request line and its fields apart; each has its end.
std::optional<Request> parse(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == 0 || first >= last || has_controls(line)) return std::nullopt;
  const std::string_view version = line.substr(last + 1);
  const auto path = path_of(line.substr(first + 1, last - first - 1));
  if (!path || (version != "HTTP/1.1" && version != "HTTP/1.0")) return std::nullopt;
  const auto fields = plain_fields(head.substr(line.size() + 2));
  if (!fields) return std::nullopt;
  const bool is_last = version == "HTTP/1.0" || fields->contains("\r\nCONNECTION:CLOSE\r\n");
  return Request{std::string(line.substr(0, first)), *path, is_last};
}

std::string head_of(std::string_view status, std::uint64_t size) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n";
}

// Returns true if the call may go on.
bool refuse(Stream& call, std::string_view status) {
  return call.write_all(as_bytes(head_of(status, 0))).has_value();
}

// Returns false.
bool refuse_and_end(Stream& call, const std::string& status) {
  return refuse(call, status + "\r\nConnection: close") && false;
}

// Returns true if the call may go on.
bool refuse_file(Stream& call, const Error& error) {
  constexpr std::array kAbsent = {ENOENT, ENOTDIR, EISDIR, ELOOP, EXDEV, ENAMETOOLONG, EINVAL};
  if (error.kind == ErrorKind::permission_denied) return refuse(call, "403 Forbidden");
  if (std::ranges::count(kAbsent, error.native_code) > 0) return refuse(call, "404 Not Found");
  return refuse_and_end(call, "503 Service Unavailable");
}

// Returns true if the call may go on.
bool answer(Stream& call, const Directory& root, const Request& request) {
  if (request.method != "GET") {
    return refuse_and_end(call, "405 Method Not Allowed\r\nAllow: GET");
  }
  auto file = root.open_file_beneath(request.path);
  if (!file) return refuse_file(call, file.error());
  const auto status = file->status();
  if (!status) return refuse_file(call, status.error());
  return call.write_all(as_bytes(head_of("200 OK", status->size))) &&
         call.send_file(*file, 0, status->size);
}

void serve_files(Stream& call, const std::string& directory) {
  // Opened for each call, because the processes of `processes` inherit no descriptors.
  const auto root = Directory::open(directory);
  if (!root) return call.abort();
  for (std::string begun;;) {  // What has arrived of the next requests.
    const std::size_t end = begun.find("\r\n\r\n");
    if (end == begun.npos && begun.size() < 16 * 1024) {
      const auto bytes = call.receive();
      if (!bytes) return;
      begun += as_text(*bytes);
      continue;
    }
    const auto request = end == begun.npos ? std::nullopt : parse(begun.substr(0, end + 2));
    if (!request) return void(refuse_and_end(call, "400 Bad Request"));
    if (!answer(call, *root, *request) || request->is_last) return;
    begun.erase(0, end + 4);
  }
}

int report(const Error& error) {
  std::cerr << "error: " << error.message_with_hint() << '\n';
  return 2;
}

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : ".";
  if (const auto root = Directory::open(directory); !root) return report(root.error());
  const auto concurrency = Concurrency::parse(argc > 3 ? argv[3] : "loops");
  if (!concurrency) return report(concurrency.error());
  ServerOptions options;
  options.concurrency = *concurrency;
  return serve(
      argc > 2 ? argv[2] : "tcp://127.0.0.1:8000",
      [&](Stream& call) { serve_files(call, directory); }, options);
}

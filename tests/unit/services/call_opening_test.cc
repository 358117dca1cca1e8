#include "services/call_opening.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::services::call_opening_test {
namespace {

using namespace std::string_literals;
using Texts = std::vector<std::string>;

Spoken spoken_in_pieces(const std::vector<std::string>& together,
                        const std::vector<std::string>& later = {}) {
  CallOpening opening;
  for (const std::string& piece : together) opening.add(piece);
  opening.settle();
  for (const std::string& piece : later) opening.add(piece);
  return opening.spoken();
}

}  // namespace

TEST_CASE("a request of HTTP is recognised by its version, whatever its method and target") {
  for (const std::string& method : Texts{"GET", "PUT", "FOO", "get", "x-y!", "PRI"}) {
    for (const std::string& target :
         Texts{"/", "*", "/;touch$IFS/tmp/P;", "host:80", "http://h/", "x y"}) {
      for (const std::string& version :
           Texts{"HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "RTSP/1.0", "SIP/2.0"}) {
        const std::string line = method + ' ' + target + ' ' + version;
        CAPTURE(line);
        CHECK(spoken_in(line + "\r\nHost: x\r\n\r\n") == Spoken::http);
        CHECK(spoken_in(line + "\n\ntouch P\n") == Spoken::http);
        CHECK(spoken_in("\r\n" + line + "\r\n") == Spoken::http);
      }
    }
  }
}

TEST_CASE("a request of HTTP is recognised before the end of its first line") {
  for (const std::string& line :
       Texts{"PUT / HTTP/1.1", "PUT / HTTP/1.", "PUT / HTTP/", "x * HTTP/1.0"}) {
    CAPTURE(line);
    CHECK(spoken_in(line) == Spoken::http);
    CHECK(spoken_in(line + "\r") == Spoken::http);
  }
}

TEST_CASE("well-known methods need no version") {
  for (const std::string& method :
       Texts{"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
    CHECK(spoken_in(method + " /") == Spoken::http);
    CHECK(spoken_in(method + " /;touch P\r\n") == Spoken::http);
  }
}

TEST_CASE("a header of HTTP is recognised by its colon") {
  for (const std::string& line :
       Texts{"Host: x", "sec-fetch-mode: no-cors\r\n", "X:", "Origin: null\n"}) {
    CAPTURE(line);
    CHECK(spoken_in(line) == Spoken::http);
  }
}

TEST_CASE("a request to become a WebSocket is named as one") {
  CHECK(spoken_in("GET /chat HTTP/1.1\r\nHost: x\r\nUPGRADE: WebSocket\r\n\r\n") ==
        Spoken::web_socket);
}

TEST_CASE("TLS, SSH and binary data are recognised by their first bytes") {
  CHECK(spoken_in("\x16\x03\x01\x02\x00\x01"s) == Spoken::tls);
  CHECK(spoken_in("\x16") == Spoken::tls);
  CHECK(spoken_in("\x16\x03") == Spoken::tls);
  CHECK(spoken_in("\x80\x2e\x01\x00\x02"s) == Spoken::tls);
  CHECK(spoken_in("\x80\x2e\x01\x03\x01"s) == Spoken::tls);
  CHECK(spoken_in("\xe4\x2e\x01"s) == Spoken::tls);
  CHECK(spoken_in("\x80") == Spoken::binary);
  CHECK(spoken_in("SSH-2.0-OpenSSH_9.2\r\n") == Spoken::ssh);
  CHECK(spoken_in("SSH-1.99-x") == Spoken::ssh);
  for (const std::string& text :
       Texts{"\0"s, "\x01"s, "\x1b[A"s, "\x15\x03"s, "\x7f"s, "\xff\xfe"s}) {
    CHECK(spoken_in(text) == Spoken::binary);
  }
}

TEST_CASE("a command that mentions HTTP is a command") {
  for (const std::string& line :
       Texts{"printf 'GET / HTTP/1.1\\r\\n\\r\\n' | nc 127.0.0.1 80",
             "printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | nc 127.0.0.1 80",
             "curl --http1.1 http://127.0.0.1/ -H 'Host: x'\n",
             "curl http://127.0.0.1/",
             "echo GET / HTTP/1.1",
             "echo 'PUT / HTTP/1.1'\n",
             "cat > request <<.\nGET / HTTP/1.1\nHost: x\n\n.\n",
             "grep HTTP/1.1 log\n",
             "grep -c HTTP/1.1",
             "ls /tmp",
             "ls /",
             "GET",
             "PUT it",
             "SSH",
             "ssh -V",
             "HTTP/1.1",
             ": > file",
             ":",
             "echo a: b",
             "a=b: c",
             "操作",
             "\ttrue",
             "\n",
             "\r\n",
             "",
             "cp /a HTTP",
             "cp /a /HTTP/1.1\n",
             "cp a HTTP/1.1x\n",
             "x y HTTP/11\n"}) {
    CAPTURE(line);
    CHECK(spoken_in(line) == Spoken::commands);
    CHECK(spoken_in_pieces({line}) == Spoken::commands);
  }
}

TEST_CASE("a first line is checked as a whole, however it is cut") {
  const std::string request = "FOO /;touch$IFS/tmp/P; HTTP/1.1\r\nHost: x\r\n\r\ntouch P\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    CAPTURE(cut);
    const std::string begin = request.substr(0, cut);
    CHECK(spoken_in_pieces({begin, request.substr(cut)}) == Spoken::http);
    CHECK(spoken_in_pieces({begin}, {request.substr(cut)}) == Spoken::http);
    CHECK(spoken_in_pieces({"\r\n", begin}, {request.substr(cut)}) == Spoken::http);
  }
  std::vector<std::string> bytes;
  for (const char byte : request) bytes.emplace_back(1, byte);
  CHECK(spoken_in_pieces(bytes) == Spoken::http);
  CHECK(spoken_in_pieces({}, bytes) == Spoken::http);
}

TEST_CASE("a first line of HTTP that does not end is too long") {
  const std::string many(CallOpening::kLineMax, 'a');
  CHECK(spoken_in_pieces({"FOO /" + many}) == Spoken::http);
  CHECK(spoken_in_pieces({"FOO /", many}) == Spoken::http);
  CHECK(spoken_in_pieces({many + "a"}) == Spoken::http);
  CHECK(spoken_in_pieces({many}) == Spoken::commands);
  CHECK(spoken_in_pieces({"echo " + many}) == Spoken::commands);
  CHECK(spoken_in_pieces({"cat /a /" + many}) == Spoken::commands);
  CHECK(spoken_in_pieces({"curl http://a/" + many}) == Spoken::commands);
  CHECK(spoken_in_pieces({"cat /" + many + "\n"}) == Spoken::commands);
}

TEST_CASE("several commands do not count as one line that is too long") {
  CallOpening opening;
  opening.add("pwd");
  opening.settle();
  for (std::size_t i = 0; i < CallOpening::kLineMax; ++i) opening.add("pwd");
  CHECK(opening.spoken() == Spoken::commands);
  CHECK_FALSE(opening.is_open());
}

TEST_CASE("an opening is closed as soon as it is recognised") {
  const auto is_open_after = [](std::string_view text) {
    CallOpening opening;
    opening.add(text);
    return opening.is_open();
  };
  for (const char* text : {"", "\r\n", "p", "pwd", "ls /tmp", "ls /tmp ", "ls /tmp HT", "S"}) {
    CAPTURE(text);
    CHECK(is_open_after(text));
  }
  for (const char* text :
       {"pwd\n", "\npwd\n", "PUT x", "echo hi", "ls -l", "a;b /", "GET /", "ls /tmp /x", "\x16"}) {
    CAPTURE(text);
    CHECK_FALSE(is_open_after(text));
  }
}

}  // namespace hotline::services::call_opening_test

#include "services/file_session.h"

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>
#include <variant>

#include "hotline/engine/clock.h"
#include "hotline/server/call_refused.h"
#include "hotline/session/serve_streams.h"
#include "services/content_digest.h"
#include "services/download_sender.h"
#include "services/file_changes.h"
#include "services/file_lookup.h"
#include "services/file_protocol.h"
#include "services/file_request.h"
#include "services/upload_receiver.h"

namespace hotline::services {
namespace {

// How soon the end of an idle connection, or of a user, is noticed.
constexpr Duration kWatchMax = std::chrono::seconds(1);
constexpr Duration kWatchMin = std::chrono::milliseconds(10);

// How long the requests of a user who was disabled may take to say so.
constexpr Duration kDisabledFarewell = std::chrono::seconds(2);

// How far the credit of uploads grows that the disk keeps up with.
constexpr std::uint32_t kUploadCreditMax = 16U << 20;
constexpr std::uint64_t kUploadGrowthMax = 32U << 20;

}  // namespace

/// A request that is under way.
class FileSession::Active {
 public:
  explicit Active(FileSession& session) : session_(session) { ++session_.requests_; }
  Active(const Active&) = delete;
  Active& operator=(const Active&) = delete;
  ~Active() {
    --session_.requests_;
    session_.last_request_ = now();
  }

 private:
  FileSession& session_;
};

FileSession::FileSession(FileService& service, const CallInfo& info)
    : service_(service), info_(info), last_request_(now()) {
  // The first request says why not.
  static_cast<void>(admit());
}

FileOutcome<void> FileSession::admit() {
  if (call_) return {};
  const auto lock = admitting_.lock();
  if (!lock) return storage_failure(lock.error());
  return call_ ? FileOutcome<void>() : admit_once();
}

FileOutcome<void> FileSession::admit_once() {
  const Identity* identity = info_.identity();
  if (auto admitted = service_.admit(identity, connection_); !admitted) return admitted;
  call_.emplace(service_, *connection_.home, service_.options());
  call_->user = connection_.user;
  call_->caller = identity == nullptr ? std::string() : identity->to_string();
  call_->endpoint = info_.peer().to_string();
  return {};
}

void FileSession::serve(Stream& stream) {
  TaskGroup requests;
  TaskGroup watching;
  const auto serving = requests.spawn("files session", [&] { serve_requests(stream); });
  const auto watched = watching.spawn("files watch", [&] { watch(requests); });
  if (!serving) throw CallRefused(serving.error());
  if (!watched) requests.cancel();
  const auto joined = requests.join();
  watching.cancel();
  discard(watching.join());
  if (!joined) throw CallRefused(joined.error());
}

void FileSession::serve_requests(Stream& stream) {
  const auto served =
      serve_streams(stream, session_options(), [this](SessionStream& request) { answer(request); });
  if (!served) throw CallRefused(served.error());
}

SessionOptions FileSession::session_options() const {
  SessionOptions session = files_session_options(SessionRole::server);
  session.streams_max = static_cast<std::uint32_t>(service_.options().requests_max);
  // A client sends its request, and HASHES.
  session.message_credit = session.frame_max + kMessageCost;
  session.flow_credit_max = kUploadCreditMax;
  session.growth_max = kUploadGrowthMax;
  return session;
}

void FileSession::answer(SessionStream& stream) {
  const auto request = decode_file_request(stream.request(), stream.flows());
  if (!request) return stream.reset(request.error().code, request.error().text);
  ++service_.counters().requests;
  const Active active(*this);
  FileStream answered(stream, *request, service_.options().stall_timeout, service_.counters());
  const auto refusal = refusal_of(*request);
  if (!refusal) {
    answer(answered, *request);
  } else if (answered.accept()) {
    answered.finish(*refusal);
  }
}

/// Returns why a request is refused without a look at its home.
std::optional<FileError> FileSession::refusal_of(const FileRequest& request) {
  if (auto admitted = admit(); !admitted) return std::move(admitted.error());
  if (ContentDigest::is_available(digest_of(request))) return std::nullopt;
  return FileError{.code = FileErrorCode::unsupported,
                   .text = "the OpenSSL of the server does not have this digest"};
}

void FileSession::answer(FileStream& stream, const FileRequest& request) {
  std::visit(
      [&]<typename Request>(const Request& each) {
        if constexpr (std::is_same_v<Request, GetFile>) {
          DownloadSender(*call_, stream, each).answer();
        } else if constexpr (std::is_same_v<Request, PutFile>) {
          UploadReceiver(*call_, stream, each).answer();
        } else if constexpr (requires(FileLookup lookup) { lookup.answer(each); }) {
          FileLookup(*call_, stream).answer(each);
        } else {
          FileChanges(*call_, stream).answer(each);
        }
      },
      request);
}

/// Ends the session when it is idle for too long, and when the user is not one any more: then the
/// requests have a while to answer with the reason.
void FileSession::watch(TaskGroup& requests) {
  const Duration idle_max = service_.options().idle_timeout;
  while (sleep_for(std::clamp(idle_max / 4, kWatchMin, kWatchMax), OnDrain::ends)) {
    if (call_ && !call_->home.is_open()) {
      requests.drain();
      discard(sleep_for(kDisabledFarewell));
      return requests.cancel();
    }
    if (requests_ == 0 && now() - last_request_ >= idle_max) return requests.drain();
  }
}

}  // namespace hotline::services

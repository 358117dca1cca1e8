#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/json_line.h"
#include "cli/text_plot.h"
#include "hotline/core/deadline.h"
#include "hotline/services/ntp_client.h"

namespace hotline::cli {

/// The picture of a watch at a terminal.
class NtpPicture {
 public:
  /// Values before these are forgotten.
  static constexpr std::size_t kValuesMax = 1000;

  enum class Colours : bool { off, on };

  explicit NtpPicture(std::string server, Colours colours)
      : server_(std::move(server)), colours_(colours) {}

  /// Adds a sample, or nullopt for a failure whose message is `trouble`.
  void add(const std::optional<NtpSample>& sample, std::string trouble = {});

  /// Returns the picture in lines that fit into a terminal of that size.
  std::vector<std::string> lines(const PlotSize& terminal) const;

 private:
  std::string server_;
  Colours colours_;
  std::vector<std::optional<double>> offsets_;  ///< In nanoseconds.
  std::vector<std::optional<double>> delays_;
  std::optional<NtpSample> last_;
  std::string trouble_;
};

/// How long to watch, and how to show it.
struct NtpWatchOptions {
  OutputForm form = OutputForm::text;
  /// Ends after so many requests, at least 1. Nullopt: only a signal or a refusal ends it.
  std::optional<std::size_t> requests_max{};
};

/// Takes a sample each NtpClient::interval() and shows it, until a signal to end, the last request,
/// or a server that refuses to serve this client: on a terminal as a picture that is drawn again,
/// elsewhere a line for each. Then it shows a summary. Returns `ok` if there was a sample. With
/// `requests_max`, a signal ends the program after the summary. `server` is how the user has named
/// the server.
ExitStatus watch_ntp(NtpClient& client, const std::string& server, const NtpWatchOptions& options);

}  // namespace hotline::cli

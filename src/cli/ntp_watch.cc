#include "cli/ntp_watch.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "cli/ntp_text.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/until_signal.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

/// The summary is of the last samples.
constexpr std::size_t kSamplesMax = 100;
constexpr std::size_t kDelayRows = 5;
constexpr std::size_t kOffsetRowsMax = 15;
/// The lines of a picture beside the rows of its plots.
constexpr std::size_t kOtherLines = 5;

constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kBlue = "\x1b[36m";
constexpr std::string_view kPlain = "\x1b[0m";

void keep_last(auto& values, std::size_t count) {
  if (values.size() > count) values.erase(values.begin());
}

std::string label_of(double nanoseconds) {
  return signed_time_text(Duration(static_cast<Duration::rep>(nanoseconds)));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

NtpPicture::Colours wanted_colours() {
  return environment("NO_COLOR").empty() ? NtpPicture::Colours::on : NtpPicture::Colours::off;
}

/// Returns the size of the terminal that the picture is for, or nullopt for lines.
std::optional<PlotSize> picture_size(OutputForm form) {
  const std::string terminal = environment("TERM");
  if (form == OutputForm::json || !is_output_terminal() || terminal.empty() || terminal == "dumb") {
    return std::nullopt;
  }
  const auto size = terminal_size(StandardStream::output);
  if (!size) return PlotSize{80, 24};
  return PlotSize{size->columns, size->rows};
}

/// Shows what comes of a watch.
class Display {
 public:
  Display(const std::string& server, OutputForm form)
      : form_(form), picture_(server, wanted_colours()) {}

  /// Returns false if standard output cannot be written to.
  bool show(const Result<NtpSample>& sample) {
    picture_.add(sample ? std::optional(*sample) : std::nullopt,
                 sample ? std::string() : sample.error().message());
    if (const auto size = picture_size(form_)) return write(drawn_again(*size));
    if (sample) return write(line_of(*sample));
    report_error(sample.error(), ExitStatus::failed, form_);
    return true;
  }

  bool write(const std::string& text) {
    failure_ = write_standard(StandardStream::output, text);
    return failure_ == 0;
  }

  int failure() const { return failure_; }

 private:
  std::string line_of(const NtpSample& sample) const {
    if (form_ == OutputForm::text) return ntp_text_of(sample) + '\n';
    return JsonLine::versioned().add("sample", ntp_json_of(sample)).text() + '\n';
  }

  /// The picture, over the one before.
  std::string drawn_again(const PlotSize& size) {
    std::string text;
    if (drawn_ > 0) text += "\x1b[" + std::to_string(drawn_) + "A";
    const auto lines = picture_.lines(size);
    for (const std::string& each : lines) text += "\r" + each + "\x1b[K\n";
    drawn_ = lines.size();
    return text + "\x1b[J";
  }

  OutputForm form_;
  NtpPicture picture_;
  std::size_t drawn_ = 0;
  int failure_ = 0;
};

/// One watch, from its first sample to its summary.
class Watch {
 public:
  Watch(NtpClient& client, const std::string& server, const NtpWatchOptions& options)
      : client_(client),
        server_(server),
        options_(options),
        form_(options.form),
        display_(server, options.form) {}

  ExitStatus run() {
    const auto signal = run_until_signal([this] { take_samples(); });
    if (!signal) return report_error(signal.error(), ExitStatus::failed, form_);
    const ExitStatus status = sum_up();
    // A watch without a limit ends in no other way.
    if (*signal && options_.requests_max) end_by_signal(**signal);
    return status;
  }

 private:
  void take_samples() {
    for (std::size_t requests = 1;; ++requests) {
      const Instant begun = now();
      auto sample = client_.ask();
      if (!sample && sample.error().kind == ErrorKind::cancelled) return;
      if (sample) samples_.push_back(*sample);
      keep_last(samples_, kSamplesMax);
      if (!display_.show(sample)) return;
      if (!sample && sample.error().kind == ErrorKind::permission_denied) {
        refusal_ = sample.error();
        return;
      }
      if (requests == options_.requests_max) return;
      if (!sleep_until(Deadline::after(begun, client_.interval()))) return;
    }
  }

  ExitStatus sum_up() {
    if (display_.failure() != 0) return report_output_failure(display_.failure(), form_);
    if (samples_.empty()) return ExitStatus::failed;
    auto report = client_.report_on(samples_);
    if (!report) return report_error(report.error(), ExitStatus::failed, form_);
    report->ended_early = refusal_;
    const bool is_json = form_ == OutputForm::json;
    return print_output(is_json ? ntp_json_of(*report, server_).text() + '\n'
                                : '\n' + ntp_text_of(*report, server_),
                        ExitStatus::ok, form_);
  }

  NtpClient& client_;
  const std::string& server_;
  NtpWatchOptions options_;
  OutputForm form_;
  Display display_;
  std::vector<NtpSample> samples_;
  std::optional<Error> refusal_{};
};

}  // namespace

void NtpPicture::add(const std::optional<NtpSample>& sample, std::string trouble) {
  const auto count = [](Duration time) { return static_cast<double>(time.count()); };
  offsets_.push_back(sample ? std::optional(count(sample->offset)) : std::nullopt);
  delays_.push_back(sample ? std::optional(count(sample->delay)) : std::nullopt);
  keep_last(offsets_, kValuesMax);
  keep_last(delays_, kValuesMax);
  if (sample) last_ = sample;
  trouble_ = std::move(trouble);
}

std::vector<std::string> NtpPicture::lines(const PlotSize& terminal) const {
  const std::size_t columns = terminal.columns > 0 ? terminal.columns - 1 : 0;
  const std::size_t others = kDelayRows + kOtherLines;
  const std::size_t rows = terminal.rows > others + 2 ? terminal.rows - others : 2;
  std::vector<std::string> lines;
  const auto add = [&](std::string line) { lines.push_back(line.substr(0, columns)); };
  const auto add_plot = [&](const auto& values, std::size_t height, std::string_view colour) {
    for (const std::string& each : plot(values, {columns, height}, label_of)) {
      const bool is_coloured = colours_ == Colours::on;
      lines.push_back(is_coloured ? std::string(colour) + each + std::string(kPlain) : each);
    }
  };
  add(server_ + (last_ ? "  stratum " + std::to_string(last_->server.stratum) + "  " +
                             std::string(name_of(last_->mode))
                       : std::string()));
  add("offset" + (last_ ? " " + signed_time_text(last_->offset) + ", error at most " +
                              time_text(last_->error_max())
                        : std::string()));
  add_plot(offsets_, std::min(rows, kOffsetRowsMax), kGreen);
  add("delay" + (last_ ? " " + time_text(last_->delay) : std::string()));
  add_plot(delays_, kDelayRows, kBlue);
  add(trouble_);
  return lines;
}

ExitStatus watch_ntp(NtpClient& client, const std::string& server, const NtpWatchOptions& options) {
  return Watch(client, server, options).run();
}

}  // namespace hotline::cli

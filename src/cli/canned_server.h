// For tests: a server of canned answers behind HttpFactory, an operator's folder, and a line to
// run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/cli.h"
#include "codec/json.h"
#include "platform/net/http.h"

namespace vedette::cli {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;  // 2026-11-23T12:53:00.250Z
};

// Answers `METHOD target` with what was put there, all else with 404; remembers every request.
class CannedServer final : public platform::HttpFactory {
 public:
  using Answer = std::function<Result<platform::HttpResponse>(const platform::HttpRequest&)>;

  void answer(const std::string& request, const std::string& body, int status = 200);
  void answer(const std::string& request, Answer answer) { answers_[request] = std::move(answer); }
  // Every request, whatever it is, gets this.
  void answer_all(Answer answer) { any_ = std::move(answer); }
  void be_unreachable();
  // The refusal that a server writes: code, cause and hint are `POL-DENIED`, `…`, `ask an admin`.
  void refuse_all();

  // `METHOD target`, or `METHOD target body` when there is one, in the order they came.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
  [[nodiscard]] const platform::HttpClientSettings& connection() const { return connection_; }

  Result<std::unique_ptr<platform::HttpServer>> serve(const platform::HttpServerSettings& settings,
                                                      platform::HttpHandler& handler) override;
  Result<std::unique_ptr<platform::HttpClient>> connect(
      const platform::HttpClientSettings& settings) override;

 private:
  class Client;
  [[nodiscard]] Result<platform::HttpResponse> take(const platform::HttpRequest& request);

  std::map<std::string, Answer> answers_;
  Answer any_;
  std::vector<std::string> requests_;
  platform::HttpClientSettings connection_;
};

// What one line did.
struct Outcome {
  int code = -1;
  std::string out;
  std::string err;

  // Standard output as one JSON document; null when it is not exactly that.
  [[nodiscard]] codec::Json json() const;
  // `error.code` of that document; empty when it is none.
  [[nodiscard]] std::string refusal() const;
};

// A folder of its own, an operator in it, a server, and lines to run against them.
class Desk {
 public:
  Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  ~Desk();

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string operator_folder() const { return path("operator"); }
  void write(const std::string& name, const std::string& content) const;
  [[nodiscard]] std::string read(const std::string& name) const;

  // As if typed behind `vedette`. `VEDETTE_OPERATOR` names the operator's folder.
  Outcome run(const std::vector<std::string>& arguments);
  // The same with `-o json` at the end.
  Outcome run_json(std::vector<std::string> arguments);

  CannedServer server;
  Console console;  // no terminal anywhere; its streams are replaced by run()

 private:
  std::string folder_;
};

}  // namespace vedette::cli

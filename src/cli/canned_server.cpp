#include "cli/canned_server.h"

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace vedette::cli {

using platform::HttpRequest;
using platform::HttpResponse;

namespace {

HttpResponse response_of(int status, std::string_view body) {
  HttpResponse response;
  response.status = status;
  response.body = to_bytes(body);
  return response;
}

// A self-signed certificate is enough for a profile that no real connection uses.
void make_operator(const Desk& desk) {
  const auto key = crypto::PrivateKey::generate_p256();
  const FixedClock clock;
  crypto::CertificateProfile profile;
  profile.kind = crypto::CertificateKind::root_ca;
  profile.common_name = "test root";
  profile.not_before = clock.now();
  profile.not_after = clock.now() + std::chrono::hours(1);
  const auto root = crypto::issue_certificate(profile, key.public_key(), std::nullopt, key).value();
  std::filesystem::create_directory(desk.operator_folder());
  desk.write("operator/roots.pem", root.pem());
  desk.write("operator/operator.pem", root.pem());
  desk.write("operator/operator.key", key.insecure_unencrypted_pem().value());
  desk.write("operator/operator.toml",
             "host = \"127.0.0.1\"\nport = 8445\nroots = \"roots.pem\"\n"
             "certificate = \"operator.pem\"\nkey = \"operator.key\"\n");
}

}  // namespace

TimePoint FixedClock::now() const {
  return from_rfc3339("2026-11-23T12:53:00Z").value() + std::chrono::milliseconds(250);
}

class CannedServer::Client final : public platform::HttpClient {
 public:
  explicit Client(CannedServer& server) : server_(server) {}

  Result<HttpResponse> send(const HttpRequest& request) override { return server_.take(request); }
  Result<HttpResponse> download(const HttpRequest& request,
                                const std::function<Result<void>(ByteView)>& /*sink*/) override {
    return server_.take(request);
  }
  Result<Bytes> channel_binding() override { return Bytes(); }
  bool connected() override { return true; }

 private:
  CannedServer& server_;
};

void CannedServer::answer(const std::string& request, const std::string& body, int status) {
  answers_[request] = [body, status](const HttpRequest&) { return response_of(status, body); };
}

void CannedServer::be_unreachable() {
  any_ = [](const HttpRequest&) -> Result<HttpResponse> {
    return refuse("NET-UNREACHABLE", "nobody answers", "connection refused", "is it running?");
  };
}

void CannedServer::refuse_all() {
  any_ = [](const HttpRequest&) {
    return response_of(403, R"({"error":{"code":"POL-DENIED","message":"you may not",)"
                            R"("cause":"role auditor","hint":"ask an admin"}})");
  };
}

Result<HttpResponse> CannedServer::take(const HttpRequest& request) {
  const std::string line = request.method + " " + request.target;
  requests_.push_back(request.body.empty() ? line
                                           : line + " " + std::string(as_text(request.body)));
  if (any_) return any_(request);
  const auto found = answers_.find(line);
  if (found != answers_.end()) return found->second(request);
  return response_of(404,
                     R"({"error":{"code":"HTTP-NOT-FOUND","message":"there is nothing here"}})");
}

Result<std::unique_ptr<platform::HttpServer>> CannedServer::serve(
    const platform::HttpServerSettings& /*settings*/, platform::HttpHandler& /*handler*/) {
  return refuse("NET-LISTEN", "this one only answers");
}

Result<std::unique_ptr<platform::HttpClient>> CannedServer::connect(
    const platform::HttpClientSettings& settings) {
  connection_ = settings;
  return std::make_unique<Client>(*this);
}

codec::Json Outcome::json() const {
  return codec::parse_json(out).value_or(codec::Json());
}

std::string Outcome::refusal() const {
  const codec::Json document = json();
  const auto error = document.object("error");
  return error ? (*error)->string("code").value_or("") : "";
}

Desk::Desk() {
  std::string name = (std::filesystem::temp_directory_path() / "vedette-cli-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  ::unsetenv("VEDETTE_KEY_PASSPHRASE");
  make_operator(*this);
  ::setenv("VEDETTE_OPERATOR", operator_folder().c_str(), 1);
}

Desk::~Desk() {
  ::unsetenv("VEDETTE_OPERATOR");
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

void Desk::write(const std::string& name, const std::string& content) const {
  constexpr unsigned kMode = 0600;
  write_file_atomically(path(name), as_bytes(content), kMode).value();
}

std::string Desk::read(const std::string& name) const {
  constexpr std::size_t kMost = 1U << 24U;
  return std::string(as_text(read_file(path(name), kMost).value()));
}

Outcome Desk::run(const std::vector<std::string>& arguments) {
  const FixedClock clock;
  std::ostringstream out;
  std::ostringstream err;
  Console typed = console;
  typed.out = &out;
  typed.err = &err;
  Outcome outcome;
  outcome.code = cli::run(arguments, {.http = server,
                                      .clock = clock,
                                      .output = nullptr,
                                      .operator_folder = {},
                                      .program_folder = folder_,
                                      .console = typed});
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

Outcome Desk::run_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"-o", "json"});
  return run(arguments);
}

}  // namespace vedette::cli

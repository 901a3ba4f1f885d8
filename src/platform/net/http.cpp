#include "platform/net/http.h"

namespace vedette::platform {

std::string HttpRequest::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

std::string HttpRequest::path() const {
  return target.substr(0, target.find('?'));
}

Entry HttpHandler::enter(const Connection& /*connection*/, const HttpRequest& /*request*/) {
  return {};
}

Result<void> HttpServer::renew(const TlsServerSettings& /*settings*/) {
  return refuse("NET-TLS", "this server has no certificate to renew");
}

}  // namespace vedette::platform

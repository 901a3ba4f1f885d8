// The tables of routes: each listener's whole surface on one screen.
#pragma once

#include <vector>

#include "server/attestation_service.h"
#include "server/enrollment_service.h"
#include "server/group_service.h"
#include "server/log_service.h"
#include "server/maker_service.h"
#include "server/operator_service.h"
#include "server/reference_service.h"
#include "server/release_service.h"
#include "server/renewal_service.h"
#include "server/result_gateway.h"
#include "server/revocation_service.h"
#include "server/route.h"
#include "server/token_service.h"
#include "server/trust_service.h"
#include "server/tuf_service.h"
#include "server/violation_gateway.h"

namespace vedette::server {

// Borrowed; they outlive the routes.
struct Services {
  EnrollmentService& enrollment;
  AttestationService& attestation;
  ReleaseService& releases;
  ResultGateway& results;
  ViolationGateway& violations;
  OperatorService& operators;
  ReferenceService& references;
  LogService& log;
  RevocationService& revocations;
  RenewalService& renewal;
  GroupService& groups;
  TokenService& tokens;
  TrustService& trust;
  MakerService& makers;
  TufService& tuf;
};

[[nodiscard]] std::vector<Route> enrollment_routes(const Services& services);
[[nodiscard]] std::vector<Route> device_routes(const Services& services);
[[nodiscard]] std::vector<Route> operator_routes(const Services& services);

}  // namespace vedette::server

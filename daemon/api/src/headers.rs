//! What every answer carries, and what every operation of the description has in common.

use crate::auth::PUBLIC;
use crate::problem::{Code, ProblemDocument, ProblemField, ProblemSource};
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, PathItem, Ref, ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

/// The page may load only what the gateway itself serves, and nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Security headers for everything that is served: API and pages alike.
pub fn secure(router: Router) -> Router {
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(set(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::X_FRAME_OPTIONS, "DENY"))
        .layer(set(header::REFERRER_POLICY, "no-referrer"))
        .layer(set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(set(
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        ))
}

/// Answers of the API are nobody's to keep.
pub(crate) fn secure_api(router: Router) -> Router {
    let no_store =
        SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    secure(router.layer(no_store))
}

/// Adds to the description what no handler says for itself: problems, and who may come in.
pub(crate) fn describe(mut openapi: OpenApi) -> OpenApi {
    openapi.info = InfoBuilder::new()
        .title("Demarc")
        .version("1")
        .description(Some(
            "The gateway's API. Reads of the configuration give its revision as `ETag`; changes name it in \
             `If-Match`. Errors are problem details (RFC 9457).",
        ))
        .build();
    let components = openapi.components.get_or_insert_with(Components::new);
    add::<ProblemDocument>(components);
    add::<ProblemField>(components);
    add::<ProblemSource>(components);
    add::<Code>(components);
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::auth::COOKIE))),
    );
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    for (path, item) in &mut openapi.paths.paths {
        for (method, operation) in operations(item) {
            let public = PUBLIC.iter().any(|(m, p)| m.as_str() == method && p == path);
            describe_operation(operation, public);
        }
    }
    openapi
}

fn describe_operation(operation: &mut Operation, public: bool) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new()
        .description("What went wrong")
        .content("application/problem+json", problem)
        .build();
    operation.responses.responses.insert("default".into(), response.into());
    operation.security = Some(if public {
        Vec::new()
    } else {
        let none: [&str; 0] = [];
        vec![SecurityRequirement::new("session", none), SecurityRequirement::new("token", none)]
    });
}

fn add<T: ToSchema + PartialSchema>(components: &mut Components) {
    components.schemas.insert(T::name().into_owned(), T::schema());
}

/// The operations of a path, each with its method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [("GET", &mut item.get), ("PUT", &mut item.put), ("POST", &mut item.post), ("DELETE", &mut item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

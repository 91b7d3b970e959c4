//! gRPC server reflection, v1 and v1alpha.

use tonic::service::Routes;

/// The descriptor sets of the services that [`add`] adds.
pub const DESCRIPTORS: &[&[u8]] = &[
    #[cfg(feature = "reflection")]
    tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    #[cfg(feature = "reflection")]
    tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
];

/// Adds both versions, fed by the services' descriptor sets.
#[cfg(feature = "reflection")]
pub fn add(routes: Routes, descriptors: &[&'static [u8]]) -> Routes {
    let builder = || {
        descriptors.iter().fold(
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(crate::health::pb::FILE_DESCRIPTOR_SET),
            |builder, set| builder.register_encoded_file_descriptor_set(set),
        )
    };
    match (builder().build_v1(), builder().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => routes.add_service(v1).add_service(v1alpha),
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(%error, "reflection is not served: the descriptors cannot be read");
            routes
        }
    }
}

/// Says that it is not in this build.
#[cfg(not(feature = "reflection"))]
pub fn add(routes: Routes, _descriptors: &[&'static [u8]]) -> Routes {
    tracing::warn!("reflection is not served: the feature `reflection` is not in this build");
    routes
}

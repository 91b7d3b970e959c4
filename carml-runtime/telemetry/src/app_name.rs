use carml_config::model::AppSection;

/// The name that others know the service by: the program's if the config has none.
pub fn app_name(app: &AppSection) -> String {
    app.name.clone().unwrap_or_else(|| {
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(|path| path.file_stem());
        name.map_or_else(
            || "unknown".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    })
}

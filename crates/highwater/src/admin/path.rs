//! The pages there are.

use service::admin::Methods;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Path {
    Overview,
    Run,
    Cases,
    Case(String),
    SetAside,
    Conflicts,
    Person,
    Resync,
    Reports,
    Report(Download),
}

/// A file to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Download {
    MergesHtml,
    MergesXlsx,
    MergesCsv,
    MergesJson,
    ConflictsCsv,
}

impl Path {
    /// The page under a path. A case is named by its ten hexadecimal digits, which say nothing about anybody.
    pub(super) fn parse(path: &str) -> Option<Self> {
        Some(match path {
            "/" => Self::Overview,
            "/run" => Self::Run,
            "/cases" => Self::Cases,
            "/set-aside" => Self::SetAside,
            "/conflicts" => Self::Conflicts,
            "/person" => Self::Person,
            "/resync" => Self::Resync,
            "/reports" => Self::Reports,
            "/reports/merges.html" => Self::Report(Download::MergesHtml),
            "/reports/merges.xlsx" => Self::Report(Download::MergesXlsx),
            "/reports/merges.csv" => Self::Report(Download::MergesCsv),
            "/reports/merges.json" => Self::Report(Download::MergesJson),
            "/reports/conflicts.csv" => Self::Report(Download::ConflictsCsv),
            other => {
                let name = other.strip_prefix("/cases/")?;
                let digits = name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                return (digits && name.len() == 10).then(|| Self::Case(name.to_owned()));
            }
        })
    }

    /// What may be done with it.
    pub(super) const fn methods(&self) -> Methods {
        match self {
            Self::Overview
            | Self::Cases
            | Self::SetAside
            | Self::Conflicts
            | Self::Reports
            | Self::Report(_) => Methods::Get,
            Self::Run | Self::Resync => Methods::Post,
            Self::Case(_) | Self::Person => Methods::GetAndPost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_form_of_a_name_is_a_case() {
        assert_eq!(Path::parse("/cases/3f9a120b77"), Some(Path::Case("3f9a120b77".to_owned())));
        for other in [
            "/cases/",
            "/cases/3f9a",
            "/cases/3F9A120B77",
            "/cases/3f9a120b77/",
            "/cases/../../etc",
            "",
            "//",
        ] {
            assert_eq!(Path::parse(other), None, "{other}");
        }
    }
}

//! The model: a linear classifier in a file of JSON.

use std::{error::Error, sync::Arc};

use carml_runtime::download::{Cached, Downloads, Request};
use serde::Deserialize;
use tokio::sync::OnceCell;

/// The model of this example, which is in its folder `objects`.
pub(crate) const DEFAULT_URL: &str = "store:models/iris.json\
    #sha256=93a593b8bc3e1dbb24c2ebfa2e4a0710ebd6ddacbc5543eb4b9229feecc551ba";

#[derive(Deserialize)]
struct Weights {
    inputs: Vec<String>,
    labels: Vec<String>,
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

pub(crate) struct Model {
    weights: Weights,
    /// While it lives, the cache keeps the file.
    file: Cached,
}

impl Model {
    fn open(file: Cached) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let weights: Weights = serde_json::from_slice(&std::fs::read(&file.path)?)?;
        let (labels, inputs) = (weights.labels.len(), weights.inputs.len());
        let rows = weights.weights.iter();
        let fits = rows.len() == labels
            && weights.bias.len() == labels
            && labels > 0
            && rows.into_iter().all(|row| row.len() == inputs);
        match fits {
            true => Ok(Self { weights, file }),
            false => Err("the sizes of the model do not fit each other".into()),
        }
    }

    pub(crate) fn sha256(&self) -> &str {
        &self.file.sha256
    }

    /// What `inputs` must have, if they do not.
    pub(crate) fn mismatch(&self, inputs: &[f64]) -> Option<String> {
        let names = &self.weights.inputs;
        let fits = inputs.len() == names.len() && inputs.iter().all(|input| input.is_finite());
        (!fits).then(|| {
            format!(
                "expected {} finite inputs: {}",
                names.len(),
                names.join(", ")
            )
        })
    }

    /// The most likely label, and its probability (softmax).
    pub(crate) fn predict(&self, inputs: &[f64]) -> (&str, f64) {
        let Weights {
            labels,
            weights,
            bias,
            ..
        } = &self.weights;
        let dot = |row: &[f64]| row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f64>();
        let scores = weights.iter().zip(bias).map(|(row, bias)| dot(row) + bias);
        let scores: Vec<f64> = scores.collect();
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scores.iter().map(|score| (score - max).exp()).sum();
        let best = scores.iter().position(|score| *score == max).unwrap_or(0);
        (&labels[best], 1.0 / sum)
    }
}

/// The model, downloaded when it is first needed. A failed download is tried again by the next
/// call.
#[derive(Clone)]
pub(crate) struct LazyModel {
    downloads: Downloads,
    url: String,
    model: Arc<OnceCell<Model>>,
}

impl LazyModel {
    pub(crate) fn new(downloads: Downloads, url: String) -> Self {
        Self {
            downloads,
            url,
            model: Arc::default(),
        }
    }

    pub(crate) async fn get(&self) -> Result<&Model, Box<dyn Error + Send + Sync>> {
        let open = async {
            let file = self.downloads.fetch(Request::new(&self.url)).await?;
            tracing::info!(
                sha256 = file.sha256,
                received = file.received,
                "the model is here"
            );
            Model::open(file)
        };
        self.model.get_or_try_init(|| open).await
    }
}

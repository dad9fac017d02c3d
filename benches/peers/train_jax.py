"""Training in JAX: one jitted function a step, optimisers of optax."""
import time

import measuring
from workloads import CLASSES, INPUTS, WORKLOADS, fashion_mnist

options = measuring.options(__doc__, WORKLOADS)
workload = WORKLOADS[options.workload]
measuring.limit_threads(options.threads)

import jax
import numpy as np
import optax
from jax import numpy as jnp

random = np.random.default_rng(0)
sizes = (INPUTS, *workload.hidden, CLASSES)


def dense(inputs, outputs):
    limit = (6 / (inputs + outputs)) ** 0.5
    kernel = random.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
    return {"kernel": jnp.asarray(kernel), "bias": jnp.zeros(outputs)}


def vector_pair(units, names):
    return {names[0]: jnp.zeros(units), names[1]: jnp.ones(units)}


params = {"dense": [dense(*pair) for pair in zip(sizes, sizes[1:])]}
running = []
if workload.regular:
    params["norm"] = [vector_pair(units, ("shift", "scale")) for units in workload.hidden]
    running = [vector_pair(units, ("mean", "variance")) for units in workload.hidden]
optimizer = optax.sgd(0.01, momentum=0.9, nesterov=True) if workload.nesterov else optax.adam(1e-3)
state = optimizer.init(params)


def normalise(z, norm, running):
    """Batch normalisation, with its running statistics brought forward."""
    mean, variance = z.mean(0), z.var(0)
    seen = {"mean": mean, "variance": variance}
    running = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, running, seen)
    return (z - mean) * jax.lax.rsqrt(variance + 1e-5) * norm["scale"] + norm["shift"], running


def loss(params, running, key, x, y):
    updated = []
    for i, layer in enumerate(params["dense"][:-1]):
        x = x @ layer["kernel"] + layer["bias"]
        if workload.regular:
            x, seen = normalise(x, params["norm"][i], running[i])
            updated.append(seen)
        x = jax.nn.relu(x)
        if workload.regular:
            keep = jax.random.bernoulli(jax.random.fold_in(key, i), 0.5, x.shape)
            x = jnp.where(keep, 2 * x, 0)
    layer = params["dense"][-1]
    scores = x @ layer["kernel"] + layer["bias"]
    return optax.softmax_cross_entropy_with_integer_labels(scores, y).mean(), updated


def step(params, state, running, key, x, y):
    key, used = jax.random.split(key) if workload.regular else (key, key)
    gradient, running = jax.grad(loss, has_aux=True)(params, running, used, x, y)
    updates, state = optimizer.update(gradient, state, params)
    return optax.apply_updates(params, updates), state, running, key


step = jax.jit(step, donate_argnums=(0, 1, 2, 3))
carried = (params, state, running, jax.random.PRNGKey(0))
x, y = fashion_mnist("train", min(options.rows or workload.rows, workload.rows), options.data)
batches = max(len(x) // workload.batch, 1)


def epoch():
    global carried
    order = random.permutation(len(x))
    start = time.perf_counter()
    for i in range(batches):
        rows = order[i * workload.batch : (i + 1) * workload.batch]
        carried = step(*carried, x[rows], y[rows])
    jax.block_until_ready(carried)
    return start


measuring.train(epoch, min(batches * workload.batch, len(x)), version=jax.__version__, threads=options.threads)

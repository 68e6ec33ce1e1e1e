using System.Numerics;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;

namespace IlqrVae.Models;

/// <summary>
/// z_0 ~ N(0, diag(sigma_0^2)), u_t ~ prior, z_{t+1} = f(z_t, u_t, x_t), and for each channel group o_t ~ p(. | z_t).
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class GenerativeModel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Puts the parts together.</summary>
    /// <param name="dynamics">The dynamics.</param>
    /// <param name="initialPrior">The prior of the initial state.</param>
    /// <param name="inputPrior">The prior of the inputs.</param>
    /// <param name="likelihoods">One for each channel group the model explains, at least one.</param>
    /// <exception cref="ArgumentException">The parts' sizes do not fit together.</exception>
    public GenerativeModel(
        Dynamics<T> dynamics, GaussianPrior<T> initialPrior, InputPrior<T> inputPrior, IReadOnlyList<Likelihood<T>> likelihoods)
    {
        if (initialPrior.Dimension != dynamics.StateCount || inputPrior.Dimension != dynamics.InputCount
            || likelihoods.Count == 0 || likelihoods.Any(likelihood => likelihood.StateCount != dynamics.System.StateCount))
        {
            throw new ArgumentException("The sizes of dynamics, priors and likelihoods do not fit together.", nameof(dynamics));
        }

        Dynamics = dynamics;
        InitialPrior = initialPrior;
        InputPrior = inputPrior;
        Likelihoods = likelihoods;
    }

    /// <summary>The dynamics.</summary>
    public Dynamics<T> Dynamics { get; }

    /// <summary>The prior of the initial state, N(0, diag(sigma_0^2)).</summary>
    public GaussianPrior<T> InitialPrior { get; }

    /// <summary>The prior of the inputs.</summary>
    public InputPrior<T> InputPrior { get; }

    /// <summary>One for each channel group the model explains.</summary>
    public IReadOnlyList<Likelihood<T>> Likelihoods { get; }

    /// <summary>
    /// Dimension of the state that the controller carries: that of the system, n, and for autoregressive inputs the m inputs of the step before.
    /// </summary>
    public int StateCount => Dynamics.StateCount;

    /// <summary>Dimension n of the system's own state, the first columns of what the controller carries: what likelihoods read and results report.</summary>
    public int SystemStateCount => Dynamics.System.StateCount;

    /// <summary>The memory of autoregressive inputs, of which the controller's inputs are the innovations; null for inputs independent over bins.</summary>
    public AutoregressiveInputs<T>? Autoregression => Dynamics as AutoregressiveInputs<T>;

    /// <summary>Input dimension m.</summary>
    public int InputCount => Dynamics.InputCount;

    /// <summary>Every parameter, in a fixed order.</summary>
    public IEnumerable<Parameter<T>> Parameters =>
        Dynamics.Parameters.Concat(InitialPrior.Parameters).Concat(InputPrior.Parameters).Concat(Likelihoods.SelectMany(likelihood => likelihood.Parameters));

    /// <summary>Recomputes whatever is derived from the parameters; to be called after they change.</summary>
    public void Refresh()
    {
        Dynamics.Refresh();
        foreach (var likelihood in Likelihoods)
        {
            likelihood.Refresh();
        }
    }
}

using System.Numerics;
using IlqrVae.Models;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Inference;

/// <summary>
/// The recognition model's covariance, shared by all trials: q(u | o) = N(u*(o), Sigma_t (x) Sigma_s) over steps and input channels (paper, Eq. 12)
/// and N(z_0*(o), Sigma_0) for the initial state. Each Sigma = L L' with L lower triangular; trials shorter than the longest use the leading block of
/// L_t, which is the factor of their marginal.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class SharedPosterior<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Puts the factors together.</summary>
    /// <param name="initial">L_0, n x n.</param>
    /// <param name="time">L_t, steps x steps.</param>
    /// <param name="space">L_s, m x m.</param>
    public SharedPosterior(Parameter<T> initial, Parameter<T> time, Parameter<T> space)
    {
        Initial = initial;
        Time = time;
        Space = space;
    }

    /// <summary>L_0, n x n.</summary>
    public Parameter<T> Initial { get; }

    /// <summary>L_t, steps x steps.</summary>
    public Parameter<T> Time { get; }

    /// <summary>L_s, m x m.</summary>
    public Parameter<T> Space { get; }

    /// <summary>The longest trial the covariance covers, in bins.</summary>
    public int Capacity => Time.Rows + 1;

    /// <summary>The parameters.</summary>
    public IEnumerable<Parameter<T>> Parameters => [Initial, Time, Space];

    /// <summary>Independent inputs of equal deviation: the usual start.</summary>
    /// <param name="states">n.</param>
    /// <param name="inputs">m.</param>
    /// <param name="bins">The longest trial, in bins.</param>
    /// <param name="initialDeviation">Standard deviation of each initial state.</param>
    /// <param name="inputDeviation">Standard deviation of each input.</param>
    public static SharedPosterior<T> Independent(int states, int inputs, int bins, double initialDeviation, double inputDeviation)
        => new(
            Diagonal("posterior.initial", states, initialDeviation),
            Diagonal("posterior.time", Math.Max(0, bins - 1), Math.Sqrt(inputDeviation)),
            Diagonal("posterior.space", inputs, Math.Sqrt(inputDeviation)));

    private static Parameter<T> Diagonal(string name, int size, double value)
    {
        if ((long)size * size > Array.MaxLength)
        {
            throw new InputException($"the posterior covariance '{name}' over {size} steps has more numbers than fit in memory; cut trials into chunks.");
        }

        var matrix = new double[size * size];
        for (var i = 0; i < size; i++)
        {
            matrix[(i * size) + i] = value;
        }

        return new Parameter<T>(name, size, size, Constraint.CholeskyFactor, matrix);
    }
}

/// <summary>A generative model with its recognition covariance: everything that is learned.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class VariationalModel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Puts both together and numbers their parameters.</summary>
    /// <param name="generative">The generative model.</param>
    /// <param name="posterior">The recognition covariance.</param>
    public VariationalModel(GenerativeModel<T> generative, SharedPosterior<T> posterior)
    {
        Generative = generative;
        Posterior = posterior;
        Parameters = new ParameterSet<T>(generative.Parameters.Concat(posterior.Parameters));
        generative.Refresh();
    }

    /// <summary>The generative model.</summary>
    public GenerativeModel<T> Generative { get; }

    /// <summary>The recognition covariance.</summary>
    public SharedPosterior<T> Posterior { get; }

    /// <summary>Every parameter.</summary>
    public ParameterSet<T> Parameters { get; }

    /// <summary>Sets the flattened raw parameters and everything derived from them. Not to be called while a worker uses the model.</summary>
    /// <param name="raw">The raw numbers.</param>
    public void SetRaw(ReadOnlySpan<double> raw)
    {
        Parameters.SetRaw(raw);
        Generative.Refresh();
    }
}

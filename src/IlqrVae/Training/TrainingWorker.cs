using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Numerics;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Training;

/// <summary>The workspaces of one thread that evaluates trials.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="index">The thread's number.</param>
/// <param name="model">The model.</param>
/// <param name="longest">Bins of the longest trial.</param>
/// <param name="draws">Draws of the ELBO.</param>
internal sealed class TrainingWorker<T>(int index, VariationalModel<T> model, int longest, int draws)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private Matrix<T>[]? _means;

    public int Index { get; } = index;

    public MapSolver<T> Solver { get; } = new(model.Generative, longest);

    public MapSearch<T> Search => field ??= new MapSearch<T>(Solver);

    public ElboEstimator<T> Estimator { get; } = new(model, longest);

    public EvidenceEstimator<T> Evidence => field ??= new EvidenceEstimator<T>(Solver);

    public PosteriorDraws<T> Draws { get; } = new(draws, longest, model.Generative.StateCount, model.Generative.InputCount);

    public HiddenEntries Hidden => field ??= new HiddenEntries(model.Generative.Likelihoods.Select(likelihood => (likelihood.Group, likelihood.ChannelCount)), longest);

    /// <summary>Room for one bin of a group: activations, means and slopes.</summary>
    public Matrix<T> Means(int group) => (_means ??= [.. model.Generative.Likelihoods.Select(likelihood => Matrix<T>.Allocate(3, likelihood.ChannelCount))])[group];

    public TimeFactorNorm<T> TimeNorm { get; } = new(draws * model.Generative.InputCount);
}

using System.Numerics;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Training;

/// <summary>
/// How the processes that train one model share its trials, and what they tell each other of a batch: the seam behind which training is spread over
/// machines. A process works out the trials it owns, on all its threads, and sums their gradients in the order of the batch, each weighed by the guard
/// against outliers; an implementation completes outcomes and sums, after which every process makes the same decisions and the same update, so that parameters
/// never travel. <see cref="InProcessReduction{T}"/>, where there is one process, is what a <see cref="Trainer{T}"/> has by default.
/// </summary>
/// <remarks>
/// What an implementation guarantees:
/// <list type="bullet">
/// <item>Every trial is owned by exactly one process, always the same one: starts of trials stay with their owner and are not sent. A state saved by one
/// process holds starts of the trials of others at rest.</item>
/// <item>After every call all processes hold the same bits, whatever arrived first: decisions hang on them (the guard's usual norm, clipping, the best
/// parameters, recovery, the end).</item>
/// <item>A sum adds the processes' parts in an order that depends on nothing but their number. So results depend on the number of processes (by rounding),
/// but not on threads, machines or chance; with one process, a sum stays as it is, to the bit.</item>
/// <item>Numbers that are not finite pass through like others; they neither throw nor are replaced.</item>
/// <item>A process that has lost another throws rather than waits for ever.</item>
/// </list>
/// What the trainer guarantees in return: processes given the same model, recording (names, lengths and splits of trials) and options make the same calls in
/// the same order, one at a time, from the thread that runs the training; also where a process owns no trial of a batch.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public interface IGradientReduction<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Whether a trial is worked out by this process.</summary>
    /// <param name="trial">Its place among the trials of its split, training or validation.</param>
    bool Owns(int trial);

    /// <summary>Completes outcomes.</summary>
    /// <param name="trials">Places of trials among those of their split: a batch, in its order, or all of validation.</param>
    /// <param name="outcomes">As many; those of owned trials are filled. Receives the others from their owners.</param>
    void Gather(ReadOnlySpan<int> trials, Span<TrialOutcome> outcomes);

    /// <summary>Completes a sum of gradients.</summary>
    /// <param name="parameters">The parameters of the model, in order.</param>
    /// <param name="sum">
    /// The weighed sum over the owned trials of a batch, with respect to the constrained values, zero where there are none. Receives the sum over processes. What
    /// is above the diagonal of a parameter with a triangular constraint is unspecified before and after, and should not be sent.
    /// </param>
    void Sum(IReadOnlyList<Parameter<T>> parameters, ParameterGradient<T> sum);

    /// <summary>Whether a condition holds in any process: a request to stop reaches one of them and must end all after the same batch.</summary>
    /// <param name="condition">Whether it holds here.</param>
    bool Any(bool condition);
}

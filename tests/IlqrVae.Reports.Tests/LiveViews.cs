using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Reports.Html;
using IlqrVae.Reports.Live;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;
using IlqrVae.Training;
using OpenQA.Selenium;

namespace IlqrVae.Reports.Tests;

/// <summary>The page of a training at work: who is served what, and what comes when.</summary>
public sealed class LiveViews(Browser browser) : IClassFixture<Browser>, IDisposable
{
    /// <summary>As good as no bound, for tests of what is drawn.</summary>
    private const double AnyShare = 1e6;

    private static readonly Recording Maze = Simulations.Maze(new MazeOptions { Neurons = 10, HeldOutNeurons = 0, Trials = 6, ValidationTrials = 4, TestTrials = 1, Seed = 3 });

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-live-");
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Only_who_knows_the_word_of_the_address_is_served()
    {
        using var view = LiveView.Start("data.h5", Maze);
        var word = view.Address.AbsolutePath.Trim('/');
        Assert.Matches("^[0-9a-f]{32}$", word);
        Assert.Equal(HttpStatusCode.OK, (await Ask(view.Address)).Status);
        var wrong = (word[0] == '0' ? '1' : '0') + word[1..];
        foreach (var path in new[] { "/", "/events", "/favicon.ico", $"/{wrong}/", $"/{wrong}/events", $"/{word}", $"/{word}x/", $"/{word[..31]}/", $"//{word}/", "//", $"/{word}/other", $"/{word}/events/", $"/{word}/../{word}x/" })
        {
            Assert.Equal((HttpStatusCode.NotFound, ""), await Ask(new Uri(view.Address.GetLeftPart(UriPartial.Authority) + path)));
        }
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:PORT")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("127.0.0.1.evil.example:PORT")]
    [InlineData("localhost:PORT")]
    [InlineData("[::1]:PORT")]
    public async Task Whoever_has_it_under_another_name_is_refused(string host)
    {
        using var view = LiveView.Start("data.h5", Maze);
        foreach (var address in new[] { view.Address, new Uri(view.Address, "events") })
        {
            var (status, text) = await Ask(address, host: host.Replace("PORT", view.Address.Port.ToString(null as IFormatProvider), StringComparison.Ordinal));
            Assert.InRange((int)status, 400, 499);
            Assert.DoesNotContain("data.h5", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Nothing_can_be_sent_to_it(string method)
    {
        using var view = LiveView.Start("data.h5", Maze);
        foreach (var address in new[] { view.Address, new Uri(view.Address, "events") })
        {
            Assert.Equal((HttpStatusCode.MethodNotAllowed, ""), await Ask(address, new HttpMethod(method)));
        }
    }

    [Fact]
    public async Task The_page_has_the_policy_of_a_report_and_may_ask_its_own_address_too()
    {
        using var view = LiveView.Start("data.h5", Maze);
        using var response = await _client.GetAsync(view.Address, Stop);
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"), StringComparer.Ordinal);
        Assert.Equal(["no-referrer"], response.Headers.GetValues("Referrer-Policy"), StringComparer.Ordinal);
        Assert.Equal(["same-origin"], response.Headers.GetValues("Cross-Origin-Resource-Policy"), StringComparer.Ordinal);
        Assert.Equal(["frame-ancestors 'none'"], response.Headers.GetValues("Content-Security-Policy"), StringComparer.Ordinal);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        HtmlReport.Write(SomePanels.Report(), Path.Combine(_folder.FullName, "report.html"));
        static string PolicyOf(string page) => Regex.Match(page, "Content-Security-Policy\" content=\"(?<policy>[^\"]*)\"", RegexOptions.None, TimeSpan.FromSeconds(10)).Groups["policy"].Value;
        var ofReport = PolicyOf(await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "report.html"), Stop));
        Assert.Contains("default-src 'none'", ofReport, StringComparison.Ordinal);
        Assert.DoesNotContain("connect-src", ofReport, StringComparison.Ordinal);
        Assert.Equal(ofReport + "; connect-src 'self'", PolicyOf(await response.Content.ReadAsStringAsync(Stop)));
    }

    [Fact]
    public void Only_this_machine_reaches_it_two_have_ports_of_their_own_and_both_are_free_in_the_end()
    {
        Uri first, second;
        using (var one = LiveView.Start("data.h5", Maze))
        using (var other = LiveView.Start("data.h5", Maze))
        {
            (first, second) = (one.Address, other.Address);
            Assert.NotEqual(first.Port, second.Port);
            Assert.NotEqual(first.AbsolutePath, second.AbsolutePath, StringComparer.Ordinal);
            Assert.All(IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(end => end.Port == first.Port || end.Port == second.Port), end => Assert.Equal(IPAddress.Loopback, end.Address));
        }

        foreach (var port in new[] { first.Port, second.Port })
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            Assert.Throws<SocketException>(() => socket.Connect(IPAddress.Loopback, port));
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
    }

    [Fact]
    public async Task Curves_come_while_training_is_at_work_and_the_end_is_told()
    {
        Reader reader;
        using (var view = LiveView.Start("data.h5", Maze))
        {
            reader = await Reader.Of(_client, view.Address);
            Assert.Contains("data.h5", (await reader.Next("s-run"))["html"]!.GetValue<string>(), StringComparison.Ordinal);
            view.Report(Progress(1));
            view.Report(Progress(2));
            Assert.Contains("Iteration 2 of 1000", (await reader.Next(type: "head", having: "Iteration 2 "))["summary"]!.GetValue<string>(), StringComparison.Ordinal);
            var before = (await reader.Next("s-learning"))["panels"]!.GetValue<string>();
            for (var i = 3; i < 40; i++)
            {
                view.Report(Progress(i));
            }

            await reader.Next(type: "head", having: "Iteration 39 ");
            Assert.NotEqual(before, (await reader.Next("s-learning"))["panels"]!.GetValue<string>(), StringComparer.Ordinal);

            // Who comes late has all of it at once.
            using var late = await Reader.Of(_client, view.Address);
            Assert.Contains("Iteration 39 ", (await late.Next(type: "head"))["summary"]!.GetValue<string>(), StringComparison.Ordinal);
            await late.Next("s-learning");
            view.EndOfTraining("That was it.");
            await reader.Next(type: "head", having: "That was it.");
        }

        using (reader)
        {
            await reader.Next(type: "ended");
            Assert.Null(await reader.NextOfAny());
        }
    }

    [Fact]
    public async Task A_training_that_begins_anew_has_a_curve_of_its_own()
    {
        using var view = LiveView.Start("data.h5", Maze);
        using var reader = await Reader.Of(_client, view.Address);
        view.Report(Progress(1) with { Name = "round 1, one" });
        view.Report(Progress(2) with { Name = "round 1, one" });
        await reader.Next(type: "head", having: "round 1, one");
        view.Report(Progress(1) with { Name = "round 1, other" });
        await reader.Next(type: "head", having: "round 1, other");
        view.Report(Progress(1) with { Name = "round 1, other" });
        await reader.Next(type: "head", having: "Iteration 1 of");
    }

    [Fact]
    public async Task Of_several_trainings_at_a_time_the_one_that_began_last_is_followed()
    {
        using var view = LiveView.Start("data.h5", Maze);
        using var reader = await Reader.Of(_client, view.Address);
        foreach (var (name, iteration) in new[] { ("round 1, one", 1), ("round 1, other", 1), ("round 1, one", 2), ("round 1, other", 2), ("round 1, one", 3) })
        {
            view.Report(Progress(iteration) with { Name = name });
        }

        // The curve is of one training alone.
        view.EndOfTraining("That was it.");
        var head = await reader.Next(type: "head", having: "That was it.");
        Assert.Contains("round 1, other", head.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Curves_are_not_drawn_more_often_than_once_a_second_nor_when_nobody_watches()
    {
        using var view = LiveView.Start("data.h5", Maze);
        for (var i = 1; i < 50; i++)
        {
            view.Report(Progress(i));
        }

        await Task.Delay(100, Stop);
        Assert.Equal(0, view.SecondsSpent);
        using var reader = await Reader.Of(_client, view.Address);
        await reader.Next("s-learning");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var feeding = Task.Run(async () =>
        {
            for (var i = 50; clock.Elapsed < TimeSpan.FromSeconds(3.5); i++)
            {
                view.Report(Progress(i));
                await Task.Delay(2, Stop);
            }
        }, Stop);
        var times = new List<TimeSpan>();
        while (clock.Elapsed < TimeSpan.FromSeconds(3))
        {
            await reader.Next("s-learning");
            times.Add(clock.Elapsed);
        }

        await feeding;
        Assert.InRange(times.Count, 1, 4);
        Assert.True(view.SecondsSpent > 0);
    }

    [Fact]
    public void Work_stays_within_its_share_whatever_it_costs()
    {
        var budget = new WorkBudget(0.01, 5, 0);
        budget.Expect(1);
        Assert.Equal(100, budget.Due(), 9);
        var (now, times) = (0.0, 0);
        var random = new Random(1);
        for (var last = double.NegativeInfinity; now < 100_000; times++)
        {
            now = Math.Max(now, budget.Due());
            Assert.True(now >= last + 5);
            last = now;
            var cost = now < 50_000 ? 0.5 + random.NextDouble() : 0.01;
            budget.Done(now, now + cost);
            now += cost;

            // What it cost more than the time before is made up for later.
            Assert.InRange(budget.Spent, 0, (0.01 * now) + 1.5);
        }

        Assert.True(times > 1000, $"{times}");
        var curves = new WorkBudget(0.002, 1, 1);
        Assert.True(curves.Due() <= 0);
        curves.Done(0, 0.4);
        Assert.Equal(1, curves.Due());
        curves.Done(1, 2);
        Assert.Equal((1.4 + 1 - 1) / 0.002, curves.Due(), 9);
    }

    [Fact]
    public async Task Training_learns_the_same_numbers_where_somebody_watches_all_of_it()
    {
        var alone = Train("alone", null);
        using var view = LiveView.Start(Path.Combine(_folder.FullName, "data.h5"), Maze, null, AnyShare);
        using var reader = await Reader.Of(_client, view.Address);
        var watched = Train("watched", view);
        Assert.Equal(alone.Raw, watched.Raw);
        Assert.Equal(alone.History, watched.History, StringComparer.Ordinal);
        var trials = await reader.Next("s-trials");
        Assert.Equal(3, trials["choices"]!.AsArray().Count);
        Assert.Contains("3 of the 4 validation trials", trials["words"]!.GetValue<string>(), StringComparison.Ordinal);
        await reader.Next("s-dynamics");
        Assert.DoesNotContain("trouble", reader.Types, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_training_that_is_resumed_shows_its_past()
    {
        Train("run", null, stopAfter: 5);
        JsonObject? last = null;
        using (var view = LiveView.Start("data.h5", Maze))
        {
            using var reader = await Reader.Of(_client, view.Address);
            Train("run", view, resume: true);
            view.EndOfTraining("Over.");
            var ending = Task.Run(view.Dispose, Stop);
            while (await reader.NextOfAny() is { } message)
            {
                last = message["id"]?.GetValue<string>() == "s-learning" ? message : last;
            }

            await ending;
        }

        var panel = JsonNode.Parse(Unpacked(last!["panels"]!.GetValue<string>()))!;
        Assert.Contains(panel["numbers"]!.AsArray(), numbers => Numbers(numbers!).SequenceEqual(Enumerable.Range(1, 12).Select(i => (double)i)));
    }

    [Fact]
    public async Task What_goes_wrong_with_pictures_is_told_on_the_page_alone()
    {
        var folder = new RunFolder(Path.Combine(_folder.FullName, "broken"));
        folder.Create();
        await File.WriteAllTextAsync(folder.Model, "no model", Stop);
        using var view = LiveView.Start("data.h5", Maze, null, AnyShare);
        using var reader = await Reader.Of(_client, view.Address);
        view.Report(Progress(1) with { Folder = folder });
        var told = await reader.Next(type: "trouble");
        Assert.StartsWith("Pictures could not be made", told["words"]!.GetValue<string>(), StringComparison.Ordinal);
        await Task.Delay(1100, Stop);
        view.Report(Progress(2) with { Folder = folder });
        await reader.Next(type: "head", having: "Iteration 2 ");
    }

    [Fact]
    public void A_browser_shows_curves_that_grow_pictures_and_the_end()
    {
        _ = browser.Driver;
        using (var view = LiveView.Start(Path.Combine(_folder.FullName, "data.h5"), Maze, null, AnyShare))
        {
            _ = browser.Driver.Manage().Logs.GetLog(LogType.Browser);
            browser.Driver.Navigate().GoToUrl(view.Address.AbsoluteUri);
            browser.Wait("return document.documentElement.dataset.live === 'open' && !!document.querySelector('#s-run table')");
            for (var i = 1; i <= 5; i++)
            {
                view.Report(Progress(i));
            }

            browser.Wait("return document.querySelectorAll('#s-learning .plot .js-line').length > 1");
            const string Lines = "return [...document.querySelectorAll('#s-learning .plot .js-line')].map(line => line.getAttribute('d')).join()";
            var before = browser.Of<string>(Lines);
            browser.Driver.ExecuteScript("document.querySelector('#s-learning .plot').mark = 1");
            for (var i = 6; i <= 60; i++)
            {
                view.Report(Progress(i));
            }

            browser.Wait("return document.querySelector('.summary').textContent.includes('Iteration 60 ')");
            browser.Wait($"{Lines} !== {System.Text.Json.JsonSerializer.Serialize(before)}");

            // The picture is the same one, so that what was enlarged stays so.
            Assert.Equal(1L, browser.Of<long>("return document.querySelector('#s-learning .plot').mark"));

            // Pictures of trials: what was chosen stays chosen when they are drawn anew.
            Train("run", view);
            browser.Wait("return document.querySelectorAll('#s-trials .plot').length > 0");
            browser.Driver.ExecuteScript("const select = document.querySelector('#s-trials select'); select.selectedIndex = 1; select.dispatchEvent(new Event('change'))");
            Train("run", view, resume: true, iterations: 20);
            view.EndOfTraining("Training ended after 20 iterations.");
            browser.Wait("return document.querySelector('.summary').textContent.includes('Training ended')");
            Assert.Equal("2 of 3", browser.Of<string>("return document.querySelector('#s-trials .place').textContent"));
            browser.Driver.ExecuteScript(new BundledAxeScriptProvider().GetScript());
            Assert.Equal("[]", (string)browser.Driver.ExecuteAsyncScript("const done = arguments[0]; axe.run(document).then(result => done(JSON.stringify(result.violations.map(one => [one.id, one.nodes.map(node => node.html.slice(0, 200))]))))")!);

            // The report comes in the place of all that, in its own order.
            view.Show(SomeReport());
            browser.Wait("return document.querySelectorAll('section').length === 6 && document.querySelector('h1').textContent === 'What was learned'");
            Assert.Equal("s-run,s-scores,s-learning,s-trials,s-new,s-dynamics", browser.Of<string>("return [...document.querySelectorAll('section')].map(one => one.id).join()"));
            Assert.Equal("run,scores,learning,trials,new,dynamics", browser.Of<string>("return [...document.querySelectorAll('nav a')].map(one => one.textContent).join()"));
        }

        browser.Wait("return document.documentElement.dataset.live === 'ended'");
        browser.Wait("return document.documentElement.dataset.waiting === '0' && document.querySelectorAll('#s-new .plot .main-svg').length > 0");
        Assert.Contains("keeps what it shows", browser.Of<string>("return document.getElementById('state').textContent"), StringComparison.Ordinal);
        Thread.Sleep(500);
        Assert.Equal("ended", browser.Of<string>("return document.documentElement.dataset.live"));
        Assert.Empty(browser.Driver.Manage().Logs.GetLog(LogType.Browser).Select(entry => entry.Message));
    }

    private static Panels.Report SomeReport()
    {
        var panels = SomePanels.Report().Sections.SelectMany(section => section.Panels).Take(2).ToList();
        return new Panels.Report("What was learned", "All of it.",
            [.. new[] { "run", "scores", "learning", "trials", "new", "dynamics" }.Select(name => new Panels.ReportSection(name, name, name == "scores" ? "<b>words</b>" : "") { Panels = panels })]);
    }

    private static TrainingProgress Progress(int iteration) => new(
        new TrainingRecord(iteration, 0.1 * iteration, 1 + (1.0 / iteration), -1, 0.1, iteration % 2 == 0 ? 1.1 + (1.0 / iteration) : null, 0.01, 1, 100, 5, 3, 2, 0, 0, 0, 0), 1000, 1.1, 10, "ELBO")
    {
        Configuration = new RunConfiguration { Data = "data.h5" },
    };

    private (double[] Raw, string[] History) Train(string name, IProgress<TrainingProgress>? progress, int? stopAfter = null, bool resume = false, int iterations = 12)
    {
        var folder = new RunFolder(Path.Combine(_folder.FullName, name));
        TrainingSession.Run(
            new RunConfiguration
            {
                Data = Path.Combine(_folder.FullName, "data.h5"),
                Model = new ModelSpecification { States = 3, Inputs = 2 },
                Training = new TrainingOptions { Iterations = iterations, ValidationInterval = 2, CheckpointInterval = 3, Threads = 2, BatchSize = 4 },
            },
            Maze, folder, new TrainingRequest("a test", Resume: resume, StopAfter: stopAfter), progress is null ? null : new Slow(progress), Stop);

        // Seconds, and what is made of them, are never the same.
        return (ModelFile.Read(folder.Model).Raw, [.. File.ReadAllLines(folder.History).Select(row => string.Join(',', row.Split(',').Where((_, i) => i is not (1 or 8))))]);
    }

    /// <summary>Gives whoever watches the time to do so.</summary>
    private sealed class Slow(IProgress<TrainingProgress> whole) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            whole.Report(value);
            Thread.Sleep(100);
        }
    }

    private static byte[] Unpacked(string packed)
    {
        using var zip = new System.IO.Compression.GZipStream(new MemoryStream(Convert.FromBase64String(packed)), System.IO.Compression.CompressionMode.Decompress);
        using var memory = new MemoryStream();
        zip.CopyTo(memory);
        return memory.ToArray();
    }

    private static IEnumerable<double> Numbers(JsonNode numbers) => numbers is JsonArray array
        ? array.Select(one => one?.GetValue<double>() ?? double.NaN)
        : Enumerable.Range(0, numbers["count"]!.GetValue<int>()).Select(i => numbers["from"]!.GetValue<double>() + (i * numbers["step"]!.GetValue<double>()));

    private async Task<(HttpStatusCode Status, string Text)> Ask(Uri address, HttpMethod? method = null, string? host = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, address);
        if (host is not null)
        {
            request.Headers.Host = host;
        }

        using var response = await _client.SendAsync(request, Stop);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Stop));
    }

    /// <summary>Reads server-sent events.</summary>
    private sealed class Reader(HttpResponseMessage response, StreamReader lines) : IDisposable
    {
        public List<string> Types { get; } = [];

        public static async Task<Reader> Of(HttpClient client, Uri page)
        {
            var response = await client.GetAsync(new Uri(page, "events"), HttpCompletionOption.ResponseHeadersRead, Stop);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
            return new Reader(response, new StreamReader(await response.Content.ReadAsStreamAsync(Stop)));
        }

        /// <summary>The next message that is asked for.</summary>
        public async Task<JsonObject> Next(string? id = null, string? type = null, string? having = null)
        {
            while (true)
            {
                var message = await NextOfAny();
                Assert.True(message is not null, "the events have ended");
                if ((id is null || message["id"]?.GetValue<string>() == id) && (type is null || message["type"]!.GetValue<string>() == type) && (having is null || message.ToJsonString().Contains(having, StringComparison.Ordinal)))
                {
                    return message;
                }
            }
        }

        /// <summary>The next message; null at the end.</summary>
        public async Task<JsonObject?> NextOfAny()
        {
            while (await lines.ReadLineAsync(Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Stop) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    var message = JsonNode.Parse(line[6..])!.AsObject();
                    Types.Add(message["type"]!.GetValue<string>());
                    return message;
                }
            }

            return null;
        }

        public void Dispose()
        {
            lines.Dispose();
            response.Dispose();
        }
    }
}

// What registries ask for, in all the ways in which the header may be written.
using Berth.Distribution.Authentication;

namespace Berth.Distribution.Tests.Protocol;

public sealed class ChallengeTests
{
    [Fact]
    public void Several_challenges_and_quoted_commas_are_taken_apart()
    {
        List<Challenge> all = Challenge.Read("Negotiate, Bearer realm=\"https://a.io/token?x=1,2\",service = \"s\\\"q\", scope=\"repository:a/b:pull,push\" , BASIC Realm=plain");
        Assert.Equal(["negotiate", "bearer", "basic"], all.Select(one => one.Scheme));
        Assert.Equal(("https://a.io/token?x=1,2", "s\"q", "repository:a/b:pull,push"), (all[1]["realm"], all[1]["service"], all[1]["scope"]));
        Assert.Equal("plain", all[2]["realm"]);
    }

    [Fact]
    public void Random_headers_never_do_more_than_mean_nothing()
    {
        Random random = new(5);
        for (int round = 0; round < 20_000; round++)
        {
            char[] text = new char[random.Next(60)];
            for (int i = 0; i < text.Length; i++) text[i] = "Bb =,\"\\\trealm"[random.Next(13)];
            Assert.True(Challenge.Read(new string(text)).Count <= 60);
        }
        Assert.Empty(Challenge.Read(new string('a', 100_000)));
    }
}
